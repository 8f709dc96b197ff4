// Random requests through both gates in all hosts, the quick part.

import { describeSentRequests } from '../support/sent-requests.ts';

describeSentRequests(14, ['first'], () => 9);

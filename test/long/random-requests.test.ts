// Random requests through both gates in all hosts, at length. `npm run test:long`.

import { randomInt } from 'node:crypto';
import { describeSentRequests } from '../support/sent-requests.ts';

describeSentRequests(200, ['first', 'last'], () => randomInt(2 ** 31));

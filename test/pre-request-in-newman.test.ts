// The pre-request script in real Newman.

import { newmanHost } from './support/hosts.ts';
import { describePreRequest } from './support/pre-request.ts';

describePreRequest(newmanHost);

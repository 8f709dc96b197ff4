// The pre-request script in the current postman-runtime, whose sandbox is that of today's Postman app.

import { runtimeHost } from './support/hosts.ts';
import { describePreRequest } from './support/pre-request.ts';

describePreRequest(runtimeHost);

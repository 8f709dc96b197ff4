// Client authentication that the authorization server refuses, each fault at every endpoint. `npm run test:long`.

import { describeRefusedAuthentication } from '../support/refused-authentication.ts';

describeRefusedAuthentication(true);

// Client authentication that the authorization server refuses, the quick part.

import { describeRefusedAuthentication } from '../support/refused-authentication.ts';

describeRefusedAuthentication(false);

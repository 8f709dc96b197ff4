// Commands ended at any moment, at length. `npm run test:long`.

import { describeKills } from '../support/kills.ts';

describeKills(100);

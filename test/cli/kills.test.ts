// Commands ended at any moment, the quick part.

import { describeKills } from '../support/kills.ts';

describeKills(4);

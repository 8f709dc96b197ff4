// Hostile input, at length. `npm run test:long`.

import { describeHostileInput } from '../support/hostile-input.ts';

describeHostileInput(20000, 10);

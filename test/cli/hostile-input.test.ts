// Hostile input, the quick part.

import { describeHostileInput } from '../support/hostile-input.ts';

describeHostileInput(400, 0.2);

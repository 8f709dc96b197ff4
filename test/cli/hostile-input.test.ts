// Hostile input, the quick part.

import { describeHostileInput } from '../support/hostile-input.ts';

describeHostileInput(150, 0.1);

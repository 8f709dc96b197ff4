// 200 random folders of Postman v12 through `inject`, twice, and `inject --remove`: every byte. `npm run test:long`.

import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { assertRestored, folder as folders } from '../support/random-folder.ts';
import { writeFiles } from '../support/v12-folder.ts';
import { createFolder, type Folder } from '../support/workplace.ts';

describe('200 folders of Postman v12', () => {
  let folder: Folder;
  before(() => {
    folder = createFolder();
  });
  after(() => folder.remove());

  it('are as before when the scripts are removed, and twice is once', async () => {
    let count = 0;
    const property = fc.asyncProperty(folders, fc.boolean(), async (files, isLast) => {
      count += 1;
      const path = folder.path(String(count));
      writeFiles(path, files);
      await assertRestored(path, isLast);
    });
    await fc.assert(property, { numRuns: 200 });
  });
});

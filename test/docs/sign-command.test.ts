// The recipes in docs/sign-command.md, copied from its blocks: the commands of the four services run here, with stand-ins for their
// tools; those of PKCS#11 run in test/long/hsm.test.ts, with a token.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { delimiter } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readPublicKey } from '../../src/cli/client/public-key.ts';
import { createSignCommand } from '../../src/cli/client/sign-command.ts';
import { createRsaKey } from '../support/keys.ts';
import { createKmsTools } from '../support/kms-tools.ts';
import { isSigned } from '../support/ps256.ts';
import { createFolder, type Folder } from '../support/workplace.ts';
import { blocksOf, pageOf, pages, sectionOf } from './markdown.ts';

const PAGE = 'docs/sign-command.md';
const SERVICES = ['AWS KMS', 'Azure Key Vault', 'Google Cloud KMS', 'HashiCorp Vault'];
const TEXT = 'eyJhbGciOiJQUzI1NiJ9.eyJpc3MiOiJjbGllbnQtMSJ9';

const recipesOf = (page: string, text: string) =>
  blocksOf({ path: page, text }).flatMap(({ language, text: recipe }) => (language === 'sh' ? [recipe] : []));

describe('the recipes in docs/sign-command.md', () => {
  const { privateKey, publicKey } = createRsaKey();
  const { PATH } = process.env;
  let folder: Folder;
  before(() => {
    folder = createFolder();
    process.env.PATH = `${createKmsTools(folder, privateKey)}${delimiter}${PATH}`;
  });
  after(() => {
    process.env.PATH = PATH;
    folder.remove();
  });

  for (const service of SERVICES) {
    it(`of ${service} make a key, save its public key, and sign PS256 with it`, async () => {
      const section = sectionOf(PAGE, service);
      const [setUp = '', signScript = '', ...others] = recipesOf(PAGE, section);
      assert.deepEqual(others, []);
      const work = createFolder();
      const made = spawnSync('bash', ['-euo', 'pipefail', '-c', setUp], { cwd: work.path(''), encoding: 'utf8' });
      assert.equal(made.status, 0, made.stderr);
      const saved = await readPublicKey(work.path('signing-public.pem'));
      assert.equal(saved.equals(publicKey), true);

      const input = section.includes('`--sign-command-input message`') ? 'message' : 'digest';
      const { key } = createSignCommand(`sh '${work.write('sign.sh', signScript)}'`, input, saved);
      assert.equal(isSigned(TEXT, key.sign(TEXT), publicKey), true);
      process.env.KMS_FAILS = 'yes';
      try {
        assert.throws(() => key.sign(TEXT), /--sign-command ended with exit code 2\./);
      } finally {
        delete process.env.KMS_FAILS;
        work.remove();
      }
    });
  }

  it('are all run: those of the services here, those of PKCS#11 in test/long/hsm.test.ts', () => {
    const run = ['PKCS#11', ...SERVICES].flatMap(title => recipesOf(PAGE, sectionOf(PAGE, title)));
    assert.deepEqual(recipesOf(PAGE, pageOf(PAGE)), run);
    for (const { path, text } of pages.filter(page => page.path !== PAGE))
      assert.deepEqual(recipesOf(path, text), [], path);
  });
});

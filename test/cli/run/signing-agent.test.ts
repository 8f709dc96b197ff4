// Commands with a signing agent in the environment: `run` works whole and shows its path nowhere, `check` names it, and the commands
// that sign here say what they need.

import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { runCommand } from '../../support/command-line.ts';
import { createSignCommand } from '../../support/sign-command.ts';
import { startTestAgent, type TestAgent } from '../../support/signing-agent.ts';
import { createFolder, createWorkplace, settingsOf, toEnvironment, type Workplace } from '../../support/workplace.ts';

let workplace: Workplace;
let agent: TestAgent;
let secret: string;
let tls: string[];

const path = (name: string) => workplace.path(name);
const variables = (change: Record<string, unknown> = {}) =>
  toEnvironment({ ...settingsOf(workplace.server), signing_agent: agent.url, ...change });
const write = (name: string, content: unknown) => {
  writeFileSync(path(name), JSON.stringify(content));
  return path(name);
};

before(async () => {
  workplace = await createWorkplace();
  const { signingKey, client_id } = workplace.server.clients.privateKeyJwt;
  agent = await startTestAgent(signingKey, { clientId: client_id });
  secret = agent.url.slice(-43);
  tls = workplace.args.slice(workplace.args.indexOf('--ssl-client-cert'));
  write('env.json', variables());
});
after(async () => {
  await agent.close();
  await workplace.remove();
});
/** Runs a command that shows the path of the agent nowhere. */
const command = async (name: string, ...args: string[]) => {
  const result = await runCommand([name, ...args]);
  assert.equal((result.stdout + result.stderr).includes(secret), false, 'the path is shown');
  return result;
};
const withEnvironment = () => ['-e', path('env.json'), ...tls];
const SCRIPT_ALONE = /The signing agent signs for the script alone\. Give the key with --signing-key <file> here\./;

describe('run with a signing agent', () => {
  it('is green, counts the requests of the collection alone, and shows the path in no report, export or line', async () => {
    const collection = JSON.parse(readFileSync(path('collection.json'), 'utf8'));
    const lines = [
      'console.log(pm.environment.get("signing_agent")); console.log(pm.variables.toObject());',
      'console.log("path:", pm.environment.get("signing_agent").split("/").pop());',
      'pm.environment.set("copy", pm.environment.get("signing_agent").slice(-43));',
      'throw new Error("bad " + pm.environment.get("signing_agent"));',
    ];
    const logging = { ...collection, event: [{ listen: 'test', script: { exec: lines } }] };
    const out = (name: string) => path(`out/${name}`);
    const exports = ['environment', 'globals', 'collection'].flatMap(one => [`--export-${one}`, out(`${one}.json`)]);
    const reports = [
      '--reporters',
      'cli,json,junit,htmlextra',
      '--verbose',
      '--reporter-json-export',
      out('report.json'),
    ];
    const more = [
      '--reporter-junit-export',
      out('report.xml'),
      '--reporter-htmlextra-export',
      out('report.html'),
      '--reporter-htmlextra-logs',
    ];
    agent.log.length = 0;
    const green = await command('run', path('collection.json'), ...withEnvironment());
    assert.equal(green.code, 0, green.stdout + green.stderr);
    assert.match(green.stdout + green.stderr, /1 of 1 requests? authenticated/);
    assert.equal(agent.log.length, 1);
    const { code, stdout } = await command(
      'run',
      write('logging.json', logging),
      ...withEnvironment(),
      ...exports,
      ...reports,
      ...more,
    );
    assert.equal(code, 1);
    assert.match(stdout, /\[signing_agent\]/);
    const files = readdirSync(path('out'));
    assert.equal(files.length, 6);
    for (const file of files) {
      const text = readFileSync(out(file), 'utf8');
      assert.equal(text.includes(secret) || text.includes(secret.slice(3, 30)), false, file);
    }
    assert.match(readFileSync(out('environment.json'), 'utf8'), /127\.0\.0\.1:\d+\/\[signing_agent\]/);
  });

  it('is red where the agent has ended, and sends nothing', async () => {
    const environment = write('gone.json', variables({ signing_agent: `http://127.0.0.1:1/${secret}` }));
    workplace.server.requests.length = 0;
    const { code, stdout, stderr } = await command('run', path('collection.json'), '-e', environment, ...tls);
    assert.equal(code, 1);
    assert.match(
      (stdout + stderr).replace(/\s+/g, ' '),
      /There is no signing agent at the URL .*0 of 1 requests? authenticated/,
    );
    assert.deepEqual(
      workplace.server.requests.filter(({ method }) => method === 'POST'),
      [],
    );
  });

  it('does not begin where the key is there too, and takes a key of --signing-key instead', async () => {
    const { signingKey } = workplace.server.clients.privateKeyJwt;
    const both = write('both.json', variables({ signing_key: signingKey }));
    const refused = await command('run', path('collection.json'), '-e', both, ...tls);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /"signing_agent" must be .*, got it and "signing_key" too\. Unset one of them\./);
    agent.log.length = 0;
    const key = ['--signing-key', path('key.pem')];
    const taken = await command('run', path('collection.json'), ...withEnvironment(), ...key);
    assert.equal(taken.code, 0, taken.stderr);
    const own = write('own.json', variables({ signing_agent: undefined }));
    const globals = ['-g', write('globals.json', toEnvironment({ signing_agent: agent.url }))];
    const inGlobals = await command('run', path('collection.json'), '-e', own, ...globals, ...tls, ...key);
    assert.equal(inGlobals.code, 0, inGlobals.stderr);
    assert.deepEqual(agent.log, []);
  });
});

describe('check with a signing agent', () => {
  it('says that it signs, and what is not checked therefore', async () => {
    const jwks = ['--jwks', `${workplace.server.issuer}/jwks`, '--live', '--json'];
    const { stdout } = await command('check', ...withEnvironment(), ...jwks);
    const lines: { code: string; name: string; status: string; message: string }[] = JSON.parse(stdout);
    const messageOf = (code: string) => lines.find(line => line.code === code)?.message;
    assert.equal(messageOf('signing_agent_set'), 'a signing agent on this machine signs; check does not ask it');
    assert.equal(messageOf('kid_set'), workplace.server.clients.privateKeyJwt.kid);
    assert.equal(messageOf('assertion_not_checked'), 'not checked: the signing agent has the key');
    assert.equal(messageOf('live_not_tried'), 'not tried: the signing agent has the key');
    assert.deepEqual(
      lines.filter(({ name, status }) => name.startsWith('sign') && status === 'fail'),
      [],
    );
    const byCertificate = {
      client_id: workplace.server.clients.tlsClientAuth.client_id,
      token_endpoint_auth_method: 'tls_client_auth',
    };
    const env = write('certificate.json', variables(byCertificate));
    const { stdout: live } = await command('check', '-e', env, ...tls, '--live');
    assert.match(live, /private_key_jwt +not tried: the signing agent has the key$/m);
    const { stdout: other } = await command('check', '-e', write('nokid.json', variables({ kid: undefined })), ...tls);
    assert.doesNotMatch(other, /^.{0,20}\bkid\b/m);
  });

  it('finds the URL in a collection and in an environment that is beside it as a secret', async () => {
    const collection = {
      ...JSON.parse(readFileSync(path('collection.json'), 'utf8')),
      variable: [{ key: 'signing_agent', value: agent.url }],
    };
    const { code, stdout } = await command('check', write('shipped.json', collection), '--json');
    assert.equal(code, 1);
    assert.match(stdout, /"secret_found"[\s\S]*signing_agent/);
  });
});

describe('the commands that sign here, with a signing agent', () => {
  it('say that only the script asks it, and take the key of --signing-key or a command that signs', async t => {
    const folder = createFolder();
    t.after(() => folder.remove());
    const key = createPrivateKey(workplace.server.clients.privateKeyJwt.signingKey);
    const signer = ['--sign-command', createSignCommand(folder, key)()];
    for (const name of ['assertion', 'token']) {
      const { code, stdout, stderr } = await command(name, ...withEnvironment());
      assert.deepEqual([code, stdout], [1, ''], name);
      assert.match(stderr, SCRIPT_ALONE);
      for (const option of [['--signing-key', path('key.pem')], signer]) {
        const given = await command(name, ...withEnvironment(), ...option);
        assert.equal(given.code, 0, given.stderr);
      }
    }
  });
});

// Whatever a server or a proxy does at any point, a request ends within its limit and says why: our own requests here with a short one,
// those of a run with --timeout-request. The real limits are in test/long/.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ConnectionError } from '../../../src/cli/server/connection-faults.ts';
import { send } from '../../../src/cli/server/send.ts';
import {
  type CertificateAuthority,
  createCertificateAuthority,
  createSigningKey,
  type KeyedCertificate,
} from '../../../src/demo/certificates.ts';
import { runCommand } from '../../support/command-line.ts';
import { execute } from '../../support/execute.ts';
import { FAULTS, type Fault, type FaultyServer, startFaulty } from '../../support/faulty-servers.ts';
import { withVariables } from '../../support/proxy.ts';
import { createFolder, type Folder, toEnvironment, tokenCollection } from '../../support/workplace.ts';

const NAMES = Object.keys(FAULTS) as (keyof typeof FAULTS)[];
const CODES: Partial<Record<keyof typeof FAULTS, string>> = {
  'never ends its body': 'ETOOLARGE',
  'ends in the middle of its body': 'ECUT',
};

let authority: CertificateAuthority;
let certificate: KeyedCertificate;
let folder: Folder;
const servers: FaultyServer[] = [];
const start = async (fault: Fault, of?: KeyedCertificate) => {
  const server = await startFaulty(fault, of);
  servers.push(server);
  return server.port;
};

before(async () => {
  authority = await createCertificateAuthority();
  certificate = await authority.issueServerCertificate();
  folder = createFolder();
});
after(async () => {
  folder.remove();
  await Promise.all(servers.map(server => server.close()));
});

/** The code with which a request ends that may take so many seconds. */
const endOf = async (url: string, seconds = 1.5): Promise<string> => {
  try {
    await send(url, { ca: [authority.cert] }, {}, seconds);
    return 'answered';
  } catch (error) {
    assert.ok(error instanceof ConnectionError, String(error));
    assert.match(error.message, /^http\S+ cannot be reached \(\w+\): .+\. .+\.$/);
    return error.code;
  }
};

// Each waits for its limit: side by side.
describe('a request of a command ends', { concurrency: true }, () => {
  for (const name of NAMES) {
    it(`where a server of TLS ${name}`, async () => {
      assert.equal(
        await endOf(`https://127.0.0.1:${await start(FAULTS[name], certificate)}/`),
        CODES[name] ?? 'ETIMEDOUT',
      );
    });
  }
  it('where a server is silent in the TLS handshake', async () => {
    assert.equal(await endOf(`https://127.0.0.1:${await start(FAULTS['is silent'])}/`), 'ETIMEDOUT');
  });
});

describe('a request of a command through a proxy ends', () => {
  for (const name of NAMES.filter(name => !name.includes('body'))) {
    it(`where the proxy ${name}`, async () => {
      const port = await start(FAULTS[name]);
      const variables = { HTTPS_PROXY: `http://127.0.0.1:${port}` };
      assert.equal(await withVariables(variables, () => endOf('https://as.proxied.test/', 0.5)), 'EPROXY_ETIMEDOUT');
    });
  }
  it('where the proxy opens a connection on which nothing comes', async () => {
    const port = await start(socket => void socket.write('HTTP/1.1 200 OK\r\n\r\n'));
    const variables = { HTTPS_PROXY: `http://127.0.0.1:${port}` };
    assert.equal(await withVariables(variables, () => endOf('https://as.proxied.test/', 0.5)), 'ETIMEDOUT');
  });
});

describe('a run', () => {
  it('ends each request with the limit of --timeout-request, and names the host', async () => {
    const late = NAMES.filter(name => !CODES[name]);
    const ports = await Promise.all(late.map(name => start(FAULTS[name])));
    const item = ports.map((port, at) => ({
      name: late[at],
      request: { method: 'GET', url: `http://127.0.0.1:${port}/` },
    }));
    const collection = folder.write('late.json', { info: { name: 'x', schema: 'v2.1.0' }, item });
    const { code, stdout } = await runCommand(['run', collection, '--timeout-request', '400']);
    assert.equal(code, 1);
    for (const port of ports) {
      assert.equal(
        stdout.includes(`no whole answer from 127.0.0.1:${port} within 400 ms, the limit of --timeout-request`),
        true,
      );
    }
  });

  it('ends, and its process too, behind a proxy that never answers, and names the proxy', async () => {
    const port = await start(FAULTS['is silent']);
    const collection = folder.write('silent-proxy.json', tokenCollection('https://as.proxied.test/token'));
    const env = { HTTPS_PROXY: `http://me:open-sesame-7@127.0.0.1:${port}`, NO_PROXY: '', no_proxy: '' };
    const args = ['dist/cli.js', 'run', collection, '--timeout-request', '500'];
    const { code, stdout, stderr } = await execute('timeout', ['9', 'node', ...args], { env });
    assert.equal(code, 1, stderr);
    assert.match(
      stdout,
      new RegExp(`no whole answer from as\\.proxied\\.test .*, through the proxy http://127\\.0\\.0\\.1:${port} \\(`),
    );
    assert.doesNotMatch(stdout + stderr, /through the proxy.*through the proxy/);
    assert.doesNotMatch(stdout + stderr, /open-sesame/);
  });

  it('sends nothing when --timeout has ended it while the metadata is awaited', async () => {
    const issuer = `http://127.0.0.1:${await start(FAULTS['is silent'])}`;
    let received = 0;
    const target = await start(() => {
      received += 1;
    });
    // Where the endpoint is known by its URL alone the metadata has to be read first.
    const collection = folder.write('literal.json', tokenCollection(`http://127.0.0.1:${target}/token`));
    const environment = folder.write('env.json', toEnvironment({ issuer, client_id: 'client', kid: 'kid' }));
    const args = ['dist/cli.js', 'run', collection, '-e', environment, '--timeout', '1500'];
    const { code, stderr } = await execute('timeout', ['9', 'node', ...args]);
    assert.equal(code, 1);
    assert.match(stderr, /the run was ended by --timeout after 1500 ms/);
    assert.equal(received, 0);
  });

  it('says why there is no metadata, as check does', async () => {
    const collection = folder.write('collection.json', tokenCollection());
    const key = folder.write('key.pem', (await createSigningKey()).privateKey);
    const environment = folder.write(
      'gone.json',
      toEnvironment({ issuer: 'https://127.0.0.1:1', client_id: 'c', kid: 'k' }),
    );
    const variables = {
      HTTPS_PROXY: `http://127.0.0.1:${await start(socket => void socket.end('HTTP/1.1 403 No\r\n\r\n'))}`,
    };
    const args = ['run', collection, '-e', environment, '--signing-key', key, '--color', 'off'];
    const { code, stdout, stderr } = await withVariables(variables, () => runCommand(args));
    assert.equal(code, 1);
    for (const said of [stdout, stderr])
      assert.match(said.replace(/\s+/g, ' '), /the proxy http:\S+ \(HTTPS_PROXY\) refused the connection with/);
  });

  it('refuses a --timeout-script that would cut the script off', async () => {
    const { code, stderr } = await runCommand(['run', 'collection.json', '--timeout-script', '14999']);
    assert.deepEqual(
      [code, stderr],
      [2, 'error: --timeout-script must be 15000 or more, got 14999. Raise it, or leave it out.\n'],
    );
  });
});

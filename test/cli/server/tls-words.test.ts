// Faults of TLS in the same words by every command: what is wrong, and the option that mends it; never the issuer.

import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { findConnectionFault } from '../../../src/cli/server/connection-faults.ts';
import { type Credentials, createCredentials } from '../../../src/demo/certificates.ts';
import { type CredentialFiles, writeCredentialFiles } from '../../../src/demo/credential-files.ts';
import { runCommand } from '../../support/command-line.ts';
import { createFolder, type Folder, toEnvironment, tokenCollection } from '../../support/workplace.ts';

let credentials: Credentials;
let files: CredentialFiles;
let folder: Folder;
let server: https.Server;
let port: number;

before(async () => {
  credentials = await createCredentials();
  files = writeCredentialFiles(credentials);
  folder = createFolder();
  const { cert, key } = credentials.serverCertificate;
  const ca = credentials.authority.cert;
  server = https.createServer({ cert, key, ca, requestCert: true, rejectUnauthorized: true }, (_request, response) =>
    response.end('{}'),
  );
  await new Promise<void>(resolve => server.listen(0, '0.0.0.0', resolve));
  port = (server.address() as AddressInfo).port;
  folder.write('collection.json', tokenCollection());
  folder.write('key.pem', credentials.signingKey.privateKey);
  const key2 = createPrivateKey(credentials.transportCertificate.key);
  folder.write('locked.pem', key2.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'open' }));
  const other = await credentials.authority.issueServerCertificate();
  folder.write('other.pem', other.key);
});
after(() => {
  server.close();
  server.closeAllConnections();
  folder.remove();
  files.remove();
});

/** All that check, assertion and run say, on one line each. */
const sayings = async (host: string, tls: string[]) => {
  const variables = { issuer: `https://${host}:${port}`, client_id: 'client', kid: 'kid' };
  const environment = folder.write('env.json', toEnvironment(variables));
  const args = ['-e', environment, '--signing-key', folder.path('key.pem'), ...tls];
  const said: string[] = [];
  for (const command of [['check'], ['assertion'], ['run', folder.path('collection.json')]]) {
    const { code, stdout, stderr } = await runCommand([...command, ...args]);
    assert.equal(code, 1, stdout + stderr);
    said.push((stdout + stderr).replace(/\s+/g, ' '));
  }
  return said;
};
const trusting = () => ['--ssl-extra-ca-certs', files.ca];
const presenting = (key = files.key) => ['--ssl-client-cert', files.cert, '--ssl-client-key', key];

describe('check, assertion and run say', () => {
  const faults: [title: string, host: string, tls: () => string[], words: RegExp][] = [
    [
      'that the authority of the server is not known',
      '127.0.0.1',
      presenting,
      /an authority that this machine does not know: ?.*--ssl-extra-ca-certs|does not know\. Name the file of that authority with --ssl-extra-ca-certs/,
    ],
    [
      'that the certificate of the server is for another host',
      '127.0.0.2',
      () => [...trusting(), ...presenting()],
      /the certificate of the server is for another host/,
    ],
    [
      'that the key of the transport certificate is encrypted',
      '127.0.0.1',
      () => [...trusting(), ...presenting(folder.path('locked.pem'))],
      /encrypted.*SSL_CLIENT_PASSPHRASE/,
    ],
    [
      'that the passphrase does not open the key',
      '127.0.0.1',
      () => [...trusting(), ...presenting(folder.path('locked.pem')), '--ssl-client-passphrase', 'shut'],
      /(encrypted|does not open).*check SSL_CLIENT_PASSPHRASE or --ssl-client-passphrase/i,
    ],
    [
      'that key and certificate do not belong together',
      '127.0.0.1',
      () => [...trusting(), ...presenting(folder.path('other.pem'))],
      /--ssl-client-key/,
    ],
    ['that the server wants a transport certificate', '127.0.0.1', trusting, /--ssl-client-cert/],
  ];
  for (const [title, host, tls, words] of faults) {
    it(title, async () => {
      for (const said of await sayings(host, tls())) assert.match(said, words);
    });
  }
});

describe('the words of a failed connection', () => {
  it('tell a certificate that has expired from one that is not yet valid', () => {
    assert.match(
      findConnectionFault('CERT_HAS_EXPIRED', 'https://as.example.my/')?.fact ?? '',
      /has expired by the clock/,
    );
    assert.match(
      findConnectionFault('CERT_NOT_YET_VALID', 'https://as.example.my/')?.fact ?? '',
      /not yet valid by the/,
    );
  });
  it('leave open what a connection that was just closed means', () => {
    assert.equal(findConnectionFault('ECONNRESET', 'https://as.example.my/'), undefined);
  });
});

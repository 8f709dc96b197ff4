// The facts of a transport certificate, as they are read from its files.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readCertificate } from '../../../src/cli/client/certificate-facts.ts';
import { createCertificateAuthority, transportSubject } from '../../../src/demo/certificates.ts';

describe('the facts of a certificate', () => {
  it('are its subject, its time, its purpose, its key and its chain', async () => {
    const authority = await createCertificateAuthority();
    const { cert, key } = await authority.issueClientCertificate(transportSubject);
    const facts = readCertificate({ cert, key, ca: [authority.cert] }, new Date());
    assert.equal(facts.subject, 'CN=transport.dc-demo.example.my,O=Contoh Data Sdn Bhd,C=MY');
    assert.equal(facts.validity, 'valid');
    assert.equal(facts.isForClients, true);
    assert.equal(facts.keyFault, undefined);
    assert.equal(facts.isChainComplete, true);
    assert.equal(facts.endsSoon, false);

    const stranger = await createCertificateAuthority();
    const chained = (file: string, ca: string[] = []) => readCertificate({ cert: file, key, ca }, new Date());
    assert.equal(chained(cert).isChainComplete, false);
    assert.equal(chained(cert + authority.cert).isChainComplete, true);
    assert.equal(chained(cert, [stranger.cert]).isChainComplete, false);
    assert.match(
      chained(cert + stranger.cert).chainFault ?? '',
      /certificate 2 in the file did not issue certificate 1/,
    );
    assert.match(chained(authority.cert + cert).keyFault ?? '', /got that of a later one/);
    assert.match(readCertificate({ cert, key: 'nothing' }, new Date()).keyFault ?? '', /got a file without one/);
    const other = await authority.issueServerCertificate();
    assert.match(readCertificate({ cert, key: other.key }, new Date()).keyFault ?? '', /got another key/);
    assert.equal(readCertificate(other, new Date()).isForClients, false);

    const week = 7 * 24 * 60 * 60 * 1000;
    assert.equal(readCertificate({ cert, key }, new Date(Date.now() + week)).validity, 'expired');
    assert.equal(readCertificate({ cert, key }, new Date(Date.now() - week)).validity, 'not yet valid');
    assert.equal(readCertificate({ cert, key }, new Date(facts.notAfter.getTime() - 60_000)).endsSoon, true);
    assert.throws(() => readCertificate({ cert: key, key }, new Date()), /got a block "PRIVATE KEY"/);
    assert.throws(() => readCertificate({ cert: 'x', key }, new Date()), /got a file without one/);
  });
});

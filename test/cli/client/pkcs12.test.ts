// PKCS #12 files: old and new encryption, RSA and EC, chains in any order, every kind of passphrase; and those that are damaged, made
// to take hours, or hold something else.

import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { isPkcs12, openPkcs12 } from '../../../src/cli/client/pkcs12.ts';
import {
  type CertificateAuthority,
  createCertificateAuthority,
  type KeyedCertificate,
  transportSubject,
} from '../../../src/demo/certificates.ts';
import { changeContents, createPkcs12, type Node, noOpenssl, openssl, toBytes, toNode } from '../../support/pkcs12.ts';
import { createFolder } from '../../support/workplace.ts';

const PLAIN = ['-keypbe', 'NONE', '-certpbe', 'NONE', '-nomac'];

let authority: CertificateAuthority;
let client: KeyedCertificate;

/** A certificate that an EC authority has issued for an RSA key: the two have signatures of different kinds. */
const createRsaCertificate = (): KeyedCertificate => {
  const folder = createFolder();
  const [ca, csr] = [folder.path('ca'), folder.path('csr')];
  const issuer = folder.write('ca.key', client.key);
  try {
    const key = openssl(['genpkey', '-algorithm', 'RSA']).toString();
    const file = folder.write('rsa.key', key);
    openssl(['req', '-x509', '-key', issuer, '-subj', '/CN=EC authority', '-out', ca]);
    openssl(['req', '-new', '-key', file, '-subj', '/CN=RSA client', '-out', csr]);
    const cert = openssl(['x509', '-req', '-in', csr, '-CA', ca, '-CAkey', issuer, '-set_serial', '7']).toString();
    return { key, cert };
  } finally {
    folder.remove();
  }
};

before(async () => {
  authority = await createCertificateAuthority();
  client = await authority.issueClientCertificate(transportSubject);
});

const chainOf = (pem: string) => pem.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? [];
const isSameKey = (one: string, other: string) => createPrivateKey(one).equals(createPrivateKey(other));

describe('a PKCS #12 file', { skip: noOpenssl }, () => {
  it('gives its key and the certificate of it, byte for byte, however old its encryption is', async () => {
    const rsa = createRsaCertificate();
    const kinds = {
      'AES-256 and SHA-256': [],
      'RC2 and 3DES, of before 2021': ['-legacy'],
      '3DES, of Windows': ['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-macalg', 'sha1'],
      'a MAC of SHA-512': ['-macalg', 'sha512'],
      'no MAC': ['-nomac'],
    };
    for (const [title, options] of Object.entries(kinds)) {
      for (const pair of [client, rsa]) {
        const bytes = createPkcs12(pair, 'open sesame', [], options);
        assert.equal(isPkcs12(bytes), true, title);
        const store = await openPkcs12('x.p12', bytes, 'open sesame');
        assert.ok(store, title);
        assert.equal(isSameKey(store.key, pair.key), true, title);
        assert.deepEqual(new X509Certificate(store.chain).raw, new X509Certificate(pair.cert).raw, title);
        // What a wrong passphrase decrypts looks now and then as if it were right.
        for (const wrong of title === 'no MAC' ? [...'abcdefghijklmnopqrstuvwxyz'] : ['open']) {
          assert.equal(await openPkcs12('x.p12', bytes, wrong), undefined, title);
        }
      }
    }
  });

  it('may be written with lengths that its end tells, as Firefox does', async () => {
    const bytes = createPkcs12(client, 'open');
    assert.equal(bytes[1], 0x82, 'a length of two bytes');
    const bytesOfFirefox = Buffer.concat([Buffer.from('3080', 'hex'), bytes.subarray(4), Buffer.alloc(2)]);
    assert.equal(isPkcs12(bytesOfFirefox), true);
    const store = await openPkcs12('x.p12', bytesOfFirefox, 'open');
    assert.equal(store && isSameKey(store.key, client.key), true);
  });

  it('opens with a passphrase of any characters, and with an empty one', async () => {
    for (const passphrase of ['kata laluan ñandú €', '', 'ﷺ漢字']) {
      for (const options of [[], ['-legacy']]) {
        // The old encryption of openssl has its own reading of what is not ASCII.
        if (options.length > 0 && passphrase !== '') continue;
        const store = await openPkcs12('x.p12', createPkcs12(client, passphrase, [], options), passphrase);
        assert.equal(store && isSameKey(store.key, client.key), true, passphrase);
      }
    }
    const plain = await openPkcs12('x.p12', createPkcs12(client, '', [], PLAIN), '');
    assert.equal(plain && isSameKey(plain.key, client.key), true);
  });

  it('gives the certificate of the key first, then its issuers, in whatever order they are', async () => {
    const stranger = await createCertificateAuthority();
    const bytes = createPkcs12(client, '', [stranger.cert, authority.cert], PLAIN);
    const turned = changeContents(bytes, contents => {
      const data = contents[0]?.value[1]?.value[0] as Node;
      const bags = toNode(data.value);
      bags.value.reverse();
      data.value = toBytes(bags) as never;
      return contents;
    });
    assert.notDeepEqual(turned, bytes);
    for (const one of [bytes, turned]) {
      const store = await openPkcs12('x.p12', one, '');
      const subjects = chainOf(store?.chain ?? '').map(pem => new X509Certificate(pem).subject.split('\n').at(-1));
      assert.deepEqual(subjects, ['CN=transport.dc-demo.example.my', 'CN=Demo Root CA']);
    }
  });

  it('gives the certificate of its key that is valid longest, where it still has the one before', async () => {
    const folder = createFolder();
    const file = folder.write('key', client.key);
    const [old, renewed] = ['2', '400'].map(days =>
      openssl(['req', '-x509', '-key', file, '-subj', `/CN=${days} days`, '-days', days]).toString(),
    ) as [string, string];
    folder.remove();
    for (const [cert, other] of [
      [old, renewed],
      [renewed, old],
    ] as const) {
      const store = await openPkcs12('x.p12', createPkcs12({ cert, key: client.key }, '', [other], PLAIN), '');
      assert.equal(new X509Certificate(store?.chain ?? '').subject, 'CN=400 days');
    }
  });

  it('that holds no key or several is refused, and one without the certificate of its key has no chain', async () => {
    const bytes = createPkcs12(client, '', [], PLAIN);
    const without = changeContents(bytes, ([certificates]) => [certificates as Node]);
    const twice = changeContents(bytes, ([certificates, key]) => [certificates, key, key] as Node[]);
    const alone = changeContents(bytes, ([, key]) => [key as Node]);
    await assert.rejects(openPkcs12('x.p12', without, ''), /^CommandError: x\.p12: holds no private key\. Export/);
    await assert.rejects(
      openPkcs12('x.p12', twice, ''),
      /^CommandError: x\.p12: holds 2 private keys\. Export the one/,
    );
    assert.equal((await openPkcs12('x.p12', alone, ''))?.chain, '');
  });

  it('that is damaged is refused in few words, wherever it is cut and whatever follows its head', async () => {
    const bytes = createPkcs12(client, 'open');
    const plain = createPkcs12(client, '', [], PLAIN);
    const cut = [12, 40, bytes.length / 2, bytes.length - 1].map(length => bytes.subarray(0, length));
    const random = [1, 7, 250].map(step => Buffer.from(bytes.map((byte, at) => (at < 8 ? byte : (at * step) & 255))));
    // The content of the key bag: the name of another algorithm than any.
    const oid = plain.lastIndexOf(Buffer.from('2a8648ce3d0201', 'hex'));
    const others = [Buffer.from(plain.map((byte, at) => (at === oid ? 0x7f : byte)))];
    for (const one of [...cut, ...random, ...others]) {
      assert.equal(isPkcs12(one), true);
      await assert.rejects(openPkcs12('x.p12', one, 'open'), ({ message }: Error) => {
        assert.match(
          message,
          /^x\.p12: is a damaged PKCS #12 file, or has what no program here reads\. Export it again\.$/,
        );
        return true;
      });
    }
  });

  it('that hashes its passphrase millions of times is refused, and not tried', async () => {
    // 100,000 as INTEGER, and a number of as many bytes: 8,388,607; and as many as there can be in a number of four bytes.
    const [few, many] = [Buffer.from('020301 86a0'.replace(' ', ''), 'hex'), Buffer.from('02037fffff', 'hex')];
    for (const options of [[], ['-nomac'], ['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-nomac']]) {
      const bytes = createPkcs12(client, 'open', [], ['-iter', '100000', ...options]);
      const at = bytes.lastIndexOf(few);
      assert.ok(at > 0);
      many.copy(bytes, at);
      await assert.rejects(
        openPkcs12('x.p12', bytes, 'open'),
        /^CommandError: x\.p12: its passphrase is hashed too many times\. Export it again, with fewer iterations\.$/,
      );
    }
  });
});

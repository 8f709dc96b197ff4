// URLs of the authorization server: only those are taken that every parser reads alike.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describe, it } from 'node:test';
import { ENDPOINT_NAMES, findEndpoint, metadataUrls } from '../../src/client-auth/authorization-server.ts';
import { checkServerUrl, toPlainUrl } from '../../src/client-auth/server-url.ts';

const { toNodeUrl } = createRequire(import.meta.url)('postman-url-encoder') as {
  toNodeUrl: (url: string) => { href: string };
};

describe('toPlainUrl', () => {
  const plain: [string, string][] = [
    ['https://as.example.my/token', 'https://as.example.my/token'],
    ['HTTPS://AS.Example.MY/Token', 'https://as.example.my/Token'],
    ['https://as.example.my', 'https://as.example.my/'],
    ['https://as.example.my:443/token', 'https://as.example.my/token'],
    ['http://as.example.my:443/token', 'http://as.example.my:443/token'],
    ['https://as.example.my:8443/token?a=b#c', 'https://as.example.my:8443/token'],
    ['https://as.example.my/token/revoke', 'https://as.example.my/token/revoke'],
    ['http://127.0.0.1:80/a', 'http://127.0.0.1/a'],
    ['http://[::1]:3000/a', 'http://[::1]:3000/a'],
    ['https://xn--bcher-kva.example.my/t', 'https://xn--bcher-kva.example.my/t'],
  ];
  for (const [url, expected] of plain) {
    it(`takes ${url}, as a browser and Postman read it`, () => {
      assert.equal(toPlainUrl(url), expected);
      const parsed = new URL(url);
      assert.equal(parsed.origin + parsed.pathname, expected);
      assert.equal(new URL(toNodeUrl(url).href).href.replace(/[?#].*/, ''), expected);
    });
  }

  const others = [
    'as.example.my/token',
    '//as.example.my/token',
    'ftp://as.example.my/token',
    'https:/as.example.my/token',
    'https:as.example.my/token',
    'https://user@as.example.my/token',
    'https://user:pass@as.example.my/token',
    'https://as.example.my@evil.example/token',
    'https://as.example.my\\@evil.example/token',
    'https://as.example.my\\token',
    'https://as.example.my /token',
    'https://as.example.my/to ken',
    'https://as.example.my/token\n',
    'https://as.example.my./token',
    'https://as..example.my/token',
    'https://-as.example.my/token',
    'https://bücher.example.my/token',
    'https://аs.example.my/token',
    'https://as.example.my/tök',
    'https://as.example.my/x/../token',
    'https://as.example.my/./token',
    'https://as.example.my/%74oken',
    'https://as.example.my/x/%2e%2e/token',
    'https://as.example.my/:token',
    'https://as.example.my:0/token',
    'https://as.example.my:65536/token',
    'https://as.example.my:/token',
    'https://127.1/token',
    'https://0x7f000001/token',
    'https://2130706433/token',
    'https://127.0.0.01/token',
    'https://256.0.0.1/token',
    'https://[::ffff:127.0.0.1]/token',
    'https:///token',
    'https://',
    '{{token_endpoint}}',
    '',
  ];
  for (const url of others) {
    it(`takes none of ${JSON.stringify(url)}`, () => {
      assert.equal(toPlainUrl(url), undefined);
    });
  }
});

describe('checkServerUrl', () => {
  const check = (url: string) => checkServerUrl('token_endpoint', url);

  it('takes https everywhere, and http on a loopback host', () => {
    for (const url of [
      'https://as.example.my/token',
      'http://localhost/token',
      'http://LOCALHOST:80/token',
      'http://127.0.0.1:3000/token',
      'http://127.255.0.9/token',
      'http://[::1]:3000/token',
    ]) {
      assert.doesNotThrow(() => check(url), url);
    }
  });

  it('refuses http on a host that only begins or ends like a loopback host', () => {
    for (const url of [
      'http://as.example.my/token',
      'http://localhost.evil.my/token',
      'http://127.0.0.1.evil.my/token',
      'http://evil.my/127.0.0.1/',
      'http://notlocalhost/token',
      'http://128.0.0.1/token',
    ]) {
      assert.throws(() => check(url), /"token_endpoint" must be an https URL/, url);
    }
  });
});

describe('findEndpoint', () => {
  const endpoints = {
    token_endpoint: 'https://as.example.my/token',
    revocation_endpoint: 'https://as.example.my/token/revoke',
  };

  it('knows each of the endpoints that authenticate the client', () => {
    assert.deepEqual([...ENDPOINT_NAMES].sort(), [
      'backchannel_authentication_endpoint',
      'device_authorization_endpoint',
      'introspection_endpoint',
      'pushed_authorization_request_endpoint',
      'revocation_endpoint',
      'token_endpoint',
    ]);
    const all = Object.fromEntries(ENDPOINT_NAMES.map(name => [name, `https://as.example.my/${name}`]));
    for (const name of ENDPOINT_NAMES) assert.equal(findEndpoint(`https://as.example.my/${name}`, all), name);
  });

  it('compares scheme, host, port and path, and ignores the query', () => {
    assert.equal(findEndpoint('https://as.example.my/token?x=1#y', endpoints), 'token_endpoint');
    assert.equal(findEndpoint('https://AS.example.my:443/token', endpoints), 'token_endpoint');
    assert.equal(findEndpoint('https://as.example.my/token/revoke', endpoints), 'revocation_endpoint');
    for (const url of [
      'http://as.example.my/token',
      'https://as.example.my:444/token',
      'https://as.example.my/token/',
      'https://as.example.my/token2',
      'https://as.example.my.evil.example/token',
      'https://evil.example/https://as.example.my/token',
      'https://evil.example/?https://as.example.my/token',
      'https://as.example.my/token%2frevoke',
    ]) {
      assert.equal(findEndpoint(url, endpoints), undefined, url);
    }
  });
});

describe('metadataUrls', () => {
  it('puts the well-known part behind the issuer for OpenID Connect, and before its path for RFC 8414', () => {
    assert.deepEqual(metadataUrls('https://as.example.my'), [
      'https://as.example.my/.well-known/openid-configuration',
      'https://as.example.my/.well-known/oauth-authorization-server',
    ]);
    assert.deepEqual(metadataUrls('https://as.example.my/'), [
      'https://as.example.my/.well-known/openid-configuration',
      'https://as.example.my/.well-known/oauth-authorization-server',
    ]);
    assert.deepEqual(metadataUrls('https://as.example.my/a/b/'), [
      'https://as.example.my/a/b/.well-known/openid-configuration',
      'https://as.example.my/.well-known/oauth-authorization-server/a/b',
    ]);
  });

  it('refuses an issuer with a query, or on http elsewhere than on loopback', () => {
    assert.throws(() => metadataUrls('https://as.example.my/?a'), /"issuer" must be a URL without query/);
    assert.throws(() => metadataUrls('http://as.example.my'), /"issuer" must be an https URL/);
    assert.doesNotThrow(() => metadataUrls('http://localhost:3000'));
  });
});

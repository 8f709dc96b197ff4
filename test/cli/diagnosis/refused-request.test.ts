// The facts of a refused request, as they are read from its form and from the answer.

import assert from 'node:assert/strict';
import { constants, sign } from 'node:crypto';
import { describe, it } from 'node:test';
import { diagnose } from '../../../src/cli/diagnosis/diagnosis.ts';
import { type RefusedRequest, readAnswer, toFacts } from '../../../src/cli/diagnosis/refused-request.ts';
import { assertion, NOW, TOKEN_ENDPOINT, surroundings as withoutJwks } from '../../support/facts.ts';
import { createRsaKey, toJwk } from '../../support/keys.ts';

describe('the facts of a request', () => {
  const { privateKey } = createRsaKey();
  const publicJwk = { kty: 'RSA', n: toJwk(privateKey).n, e: toJwk(privateKey).e, kid: 'k1' };
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const { alg, kid, ...claims } = assertion;
  const input = `${encode({ alg, kid })}.${encode(claims)}`;
  const options = { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
  const jws = `${input}.${sign('sha256', Buffer.from(input), options).toString('base64url')}`;
  const surroundings = { ...withoutJwks, jwks: { source: 'jwks.json', keys: [publicJwk] } };
  const form = new URLSearchParams({ client_id: 'c', client_assertion: jws, client_assertion_type: 't' }).toString();
  const request: RefusedRequest = {
    endpoint: 'token_endpoint',
    url: TOKEN_ENDPOINT,
    form,
    status: 401,
    body: '{"error":"invalid_client"}',
    date: new Date((NOW - 95) * 1000).toUTCString(),
    receivedAt: NOW * 1000 + 900,
    duration: 200,
  };

  it('are read from the form, the answer and its date', () => {
    const facts = toFacts(surroundings, request);
    assert.deepEqual(facts.assertion, assertion);
    assert.equal(facts.method, 'private_key_jwt');
    assert.equal(facts.error, 'invalid_client');
    assert.equal(facts.clockDifference, -95);
    assert.deepEqual(facts.formFaults, []);
    assert.equal(facts.jwks?.isSame, true);
    assert.match(diagnose(facts)[0]?.remedy ?? '', /^set clock_offset to -95$/);
  });

  it('recognise the key of the assertion by its signature', () => {
    const other = { ...publicJwk, n: toJwk(createRsaKey().privateKey).n };
    const facts = toFacts({ ...surroundings, jwks: { source: 'j', keys: [other] } }, request);
    assert.equal(facts.jwks?.isSame, false);
    const moved = toFacts(
      { ...surroundings, jwks: { source: 'j', keys: [other, { ...publicJwk, kid: 'k9' }] } },
      request,
    );
    assert.deepEqual(moved.jwks?.sameUnder, ['k9']);
  });

  it('name what is wrong with the form', () => {
    const faultsOf = (text: string) => toFacts(surroundings, { ...request, form: text }).formFaults;
    assert.match(faultsOf(`${form}&client_assertion=x`).join(), /client_assertion 2 times/);
    assert.match(faultsOf(`client_assertion=${jws}&client_assertion_type=t`).join(), /no client_id/);
    assert.match(faultsOf(`client_id=c&client_assertion=${jws}`).join(), /no client_assertion_type/);
    assert.match(faultsOf('client_id=c&client_assertion=x&client_assertion_type=t').join(), /not a JWT/);
    assert.match(faultsOf(form.replace('client_id=c', 'client_id=d')).join(), /iss was not the client_id/);
  });

  it('are read from an answer that is not JSON, and from one that is not an object', () => {
    for (const body of ['<html>No required SSL certificate was sent</html>', 'null', '[1]', '']) {
      assert.equal(toFacts(surroundings, { ...request, body }).error, undefined);
    }
    const wordsOf = (text: string) => {
      const { saysCertificateMissing, saysCertificateRefused } = readAnswer(`<center>${text}</center>`);
      return { saysCertificateMissing, saysCertificateRefused };
    };
    assert.deepEqual(wordsOf('No required SSL certificate was sent'), {
      saysCertificateMissing: true,
      saysCertificateRefused: false,
    });
    assert.deepEqual(wordsOf('The SSL certificate error'), {
      saysCertificateMissing: false,
      saysCertificateRefused: true,
    });
  });

  it('have only an error that has the form of an OAuth error, and the description of either kind of answer', () => {
    const read = (answer: object) => {
      const { error, errorDescription } = readAnswer(JSON.stringify(answer));
      return [error, errorDescription];
    };
    assert.deepEqual(read({ error: 'invalid_client', error_description: 'no' }), ['invalid_client', 'no']);
    assert.deepEqual(read({ error: 'Unauthorized', status: 401 }), [undefined, undefined]);
    assert.deepEqual(read({ error: { code: 1 } }), [undefined, undefined]);
    assert.deepEqual(read({ title: 'Unauthorized', detail: 'unknown certificate' }), [
      undefined,
      'unknown certificate',
    ]);
  });

  it('add the age of an answer to its date', () => {
    const date = new Date((NOW - 3000) * 1000).toUTCString();
    assert.equal(toFacts(surroundings, { ...request, date, age: '3000' }).clockDifference, 0);
  });
});

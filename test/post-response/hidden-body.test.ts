// A host that shows scripts the body of the file instead of the sent one, as Postman's command line does for a folder of YAML: what was
// sent is judged by its length.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Trace } from '../../src/client-auth/trace.ts';
import { findFault, readForm, type SentRequest } from '../../src/post-response/sent-request.ts';

const body = { mode: 'urlencoded', urlencoded: [{ key: 'grant_type', value: 'client_credentials' }] };
const visible = 'grant_type=client_credentials'.length;
const assertion = { kid: 'k', aud: 'a', iat: 1, text: '', tail: 't' };
const traced: Trace = { execution: 'e', url: 'https://as.example/token', isAuthenticated: true, assertion };
const faultOf = (length: number | undefined, trace: Trace | undefined, header = 'accept:*/*') => {
  const headers = [header, ...(length === undefined ? [] : [`content-length:${length}`])];
  const request: SentRequest = { url: 'https://as.example/token', headers, body, hasCertificate: true };
  return findFault(request, readForm(request), name => (name === 'client_id' ? 'client-1' : ''), trace);
};
const MISSING = 'its form has client_id 0 times, not 1';

describe('the post-response script, where it is not shown the body that was sent,', () => {
  it('takes what was longer by an assertion for authenticated', () => {
    assert.equal(faultOf(visible + 800, traced), undefined);
    assert.equal(faultOf(visible + '&client_id=client-1'.length, { ...traced, assertion: undefined }), undefined);
  });

  it('fails what was as long as what is shown, or longer by less', () => {
    for (const length of [undefined, visible, visible + 100]) assert.equal(faultOf(length, traced), MISSING);
    assert.equal(faultOf(visible, { ...traced, assertion: undefined }), MISSING);
  });

  it('fails what is shown as another body than a form', () => {
    assert.equal(faultOf(visible + 800, traced, 'content-type:application/json'), MISSING);
  });

  it('fails what the pre-request script has not authenticated, or what has Basic too', () => {
    assert.equal(faultOf(visible + 800, undefined), MISSING);
    assert.equal(faultOf(visible + 800, { ...traced, isAuthenticated: false }), MISSING);
    assert.match(faultOf(visible + 800, traced, 'authorization:Basic dTpw') ?? '', /Basic or the like/);
  });
});

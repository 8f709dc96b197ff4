// The post-response script, inside the sandbox of Postman and Newman: the order of its steps. A request that went to an endpoint of
// the authorization server must have authenticated the client; if the server refused it, the failed test says why that may be.

import { ENDPOINT_NAMES, METADATA_VARIABLE, type Metadata } from '../client-auth/authorization-server.ts';
import { toWireUrl } from '../client-auth/wire-url.ts';
import { explainRefusal, readRefusal } from './refusal.ts';
import { ask, fail, getMethod, guard, readAnswer, readRequest, readVariable, show, takeTrace } from './sandbox.ts';
import { explainFault, findFault, readForm } from './sent-request.ts';

/** The test that fails has the causes first; the tab shows the same in lines. */
const TEMPLATE = '{{#each lines}}<p>{{this}}</p>{{/each}}';

guard(() => {
  const trace = takeTrace();
  if (getMethod().toUpperCase() !== 'POST') return;
  const read = readVariable;
  const request = readRequest();
  const url = toWireUrl(request.url);
  // Discovery has left the endpoints of the metadata as variables too, but for those that an alias replaces.
  const { replaced } = JSON.parse(read(METADATA_VARIABLE) || '{"replaced":{}}') as Metadata;
  // What was authenticated went to an endpoint, though a later script may have changed its variable.
  const known = [...ENDPOINT_NAMES.flatMap(name => [read(name), replaced[name]]), trace?.isAuthenticated && trace.url];
  const endpoint = known.find(one => one && toWireUrl(one) === url);
  const form = readForm(request);
  // Nothing says what the endpoints are: the pre-request script has not seen this form, or it would have asked for the metadata.
  const isUnknown =
    !trace && !read('token_endpoint') && read('issuer') && /(^|&)(grant_type|token|request)=/.test(form);
  if (!endpoint && !isUnknown) return;
  const fault = findFault(request, form, read, trace);
  if (fault) {
    const reason = explainFault(trace, endpoint || read('issuer'));
    return fail(`The POST to ${url} left without client authentication: ${fault}. ${reason}`);
  }
  const answer = readAnswer();
  const lacksCertificate = url.startsWith('https:') && !request.hasCertificate;
  const refusal = readRefusal(answer, lacksCertificate);
  if (!refusal) return;
  const assertion = trace?.assertion;
  const explain = (jwks?: string) => {
    const lines = explainRefusal({ answer, url, assertion, lacksCertificate, jwks, read }, refusal);
    show(TEMPLATE, { lines });
    if (read('fail_on_refusal') !== 'false') fail(lines.join('\n'));
  };
  const jwksUri = read('jwks_uri').trim();
  if (assertion && /^https?:/.test(jwksUri)) ask(jwksUri, explain);
  else explain();
});

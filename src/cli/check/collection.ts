// Checks a collection: that it has the two scripts, that no secret is in it, which of its variables say where assertions go,
// and which of its requests are authenticated. Pure, on the machine.

import type { Endpoints } from '../../client-auth/authorization-server.ts';
import type { ReadVariable } from '../../client-auth/settings.ts';
import type { CollectionSource, StoredDocument } from '../collection/collection-source.ts';
import { findSecrets, type SecretFinding } from '../collection/findings.ts';
import { findEndpointRequests, findServerVariables } from '../collection/requests.ts';
import { toAdvices } from '../collection/script-advice.ts';
import { findScriptFault, hasScriptLast } from '../collection/script-fault.ts';
import { findDropping, findScriptFindings } from '../collection/script-findings.ts';
import type { Scripts } from '../command.ts';
import { type Line, line } from './line.ts';

/** Maximum number of secrets in a message. */
const MAX_SHOWN = 10;

/**
 * Checks a collection.
 *
 * @param documents all that is stored of it
 * @param scripts texts of the built scripts
 * @param endpoints the known endpoints of the authorization server
 * @param read gives the value of a variable of the environment
 * @throws CommandError when the text is not a collection
 */
export function checkCollection(
  { text, dropsChanges }: Pick<CollectionSource, 'text' | 'dropsChanges'>,
  documents: StoredDocument[],
  scripts: Scripts,
  endpoints: Endpoints,
  read: ReadVariable,
): Line[] {
  const first = checkScript(text, scripts);
  const root: unknown = JSON.parse(text.replace(/^\uFEFF/, ''));
  return [
    first,
    checkSecrets(documents),
    checkServerVariables(root, read),
    checkRequests(root, endpoints, read),
    ...checkScripts(text, dropsChanges),
  ];
}

function checkScript(text: string, scripts: Scripts): Line {
  const name = 'script';
  const fault = findScriptFault(text, scripts);
  if (fault) return line(fault.code, name, `${fault.message} Inject it with "inject --in-place".`);
  return line('script_injected', name, 'exactly these two are in their places');
}

/** What to do about scripts of the collection; nothing for most collections. */
function checkScripts(text: string, dropsChanges: boolean): Line[] {
  const isLast = hasScriptLast(text);
  const all = [...findScriptFindings(text, isLast), ...(dropsChanges && !isLast ? findDropping(text) : [])];
  return toAdvices(all).map(({ code, message, findings }) => ({ ...line(code, 'scripts', message), findings }));
}

function checkSecrets(documents: StoredDocument[]): Line {
  const name = 'secrets';
  const findings = documents.flatMap(({ name: file, root }) =>
    findSecrets(root).map(finding => ({ ...finding, path: file === '' ? finding.path : `${file} ${finding.path}` })),
  );
  if (findings.length === 0) {
    return line('secret_not_found', name, 'no private key, token or other secret was found in the file');
  }
  const more = findings.length > MAX_SHOWN ? `, and ${findings.length - MAX_SHOWN} more` : '';
  const list = findings.slice(0, MAX_SHOWN).map(describeSecret).join(', ') + more;
  return { ...line('secret_found', name, `${list}. Remove them, and replace what they give access to.`), findings };
}

function describeSecret({ kind, path, names }: SecretFinding): string {
  const inside = names.length > 0 ? ` in ${JSON.stringify(names.join(' / '))}` : '';
  return `${kind}${inside} at ${path}`;
}

function checkServerVariables(root: unknown, read: ReadVariable): Line {
  const name = 'server';
  const variables = findServerVariables(root, read);
  if (variables.length === 0) {
    return line('server_variable_not_found', name, 'no variable of the collection says where assertions go');
  }
  const found = `its variables say where assertions go: ${variables.join(', ')}`;
  return line('server_variable_found', name, `${found}. Set them in your environment, or check them.`);
}

function checkRequests(root: unknown, endpoints: Endpoints, read: ReadVariable): Line {
  const name = 'requests';
  const requests = findEndpointRequests(root, endpoints, read);
  if (requests.length === 0) {
    const found = 'none goes to a known endpoint of the authorization server';
    return line('endpoint_request_not_found', name, `${found}. Check "issuer" or the endpoint variables.`);
  }
  const list = requests.map(one => `${one.endpoint}: ${JSON.stringify(one.name)}`);
  return line('endpoint_request_found', name, list.join(', '));
}

// What the demo prints: one short line per request, and the table at the end. Strings only; runs in Node.

import { styleText } from 'node:util';
import Table from 'cli-table3';
import type { Step } from './run-collection.ts';
import type { EndpointName, Verified } from './server-endpoints.ts';

/** One run of the collection against one authorization server, and what the server made of it. */
export type DemoRun = {
  name: string;
  passed: boolean;
  verified: Verified[];
  /** What went wrong on the server's side, in its own words; empty if nothing did. */
  faults: string[];
  /** Whether the API was called and answered; it refuses what carries a client assertion. */
  apiAnswered: boolean;
};

/** A place of PayNet's guide where the client is authenticated. */
export type Place = { title: string; endpoint: EndpointName; grantType?: string };

export const places: Place[] = [
  { title: 'client credentials', endpoint: 'token_endpoint', grantType: 'client_credentials' },
  { title: 'PAR, request object', endpoint: 'pushed_authorization_request_endpoint' },
  { title: 'authorization code', endpoint: 'token_endpoint', grantType: 'authorization_code' },
  { title: 'refresh token', endpoint: 'token_endpoint', grantType: 'refresh_token' },
  { title: 'introspection', endpoint: 'introspection_endpoint' },
  { title: 'revocation', endpoint: 'revocation_endpoint' },
];

export const isAt = (entry: Verified, { endpoint, grantType }: Place): boolean =>
  entry.endpoint === endpoint && entry.grantType === grantType;

/** Makes the functions that write; `useColour` is for terminals. */
export function createReport(useColour: boolean) {
  const paint = (colour: 'green' | 'red' | 'bold', text: string) => (useColour ? styleText(colour, text) : text);
  const mark = (isGood: boolean) => (isGood ? paint('green', 'ok  ') : paint('red', 'FAIL'));

  /** A request of the collection in one line, and one more for each failure. */
  const formatStep = ({ name, status, duration, failures }: Step) =>
    [
      `  ${mark(failures.length === 0)}  ${name.padEnd(40)} ${String(status ?? '-').padStart(3)} ${`${Math.round(duration)} ms`.padStart(8)}`,
      ...failures.map(failure => `        ${paint('red', failure)}`),
    ].join('\n');

  /** The places of the guide by runs, and below them what the server verified. */
  function formatTable(runs: DemoRun[]) {
    const table = new Table({
      head: ['at the server', ...runs.map(({ name }) => name.replace(', ', '\n'))],
      style: { head: useColour ? ['bold'] : [], border: [], 'padding-right': 0 },
    });
    const yes = (isGood: boolean, word: string) => (isGood ? paint('green', word) : paint('red', 'no'));
    const cells = runs.map(({ verified, apiAnswered }) => [
      ...places.map(place =>
        yes(
          verified.some(entry => isAt(entry, place)),
          'accepted',
        ),
      ),
      yes(apiAnswered, 'answered'),
    ]);
    const titles = [...places.map(({ title }) => title), 'API, bound token'];
    table.push([titles, ...cells].map(lines => lines.join('\n')));
    for (const run of runs) table.push([{ colSpan: runs.length + 1, content: formatVerified(run) }]);
    return table.toString();
  }

  return { formatStep, formatTable, bold: (text: string) => paint('bold', text), mark };
}

function formatVerified({ name, verified }: DemoRun) {
  if (verified.length === 0) return `${name}: nothing`;
  const distinct = (values: (string | undefined)[]) => [...new Set(values.filter(value => value !== undefined))];
  const jtis = distinct(verified.map(({ jti }) => jti)).length;
  const requests = distinct(verified.map(({ requestObject }) => requestObject)).length;
  const lines = [
    ['kid', distinct(verified.map(({ kid }) => kid)).join(', ')],
    ['aud', distinct(verified.map(({ aud }) => aud)).join(', ')],
    ['jti', jtis > 0 ? `${jtis} different` : ''],
    ['request object', requests > 0 ? 'signed by the client, PS256' : ''],
    ['certificate', distinct(verified.map(({ certificateSubject }) => certificateSubject)).join(', ')],
  ] as const;
  return [
    name,
    ...lines.filter(([, value]) => value !== '').map(([label, value]) => `  ${label.padEnd(14)}  ${value}`),
  ].join('\n');
}

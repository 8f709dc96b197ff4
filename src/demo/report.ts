// How the demo tells what happened: one short line per request, and the table at the end. Strings only; runs in Node.

import { styleText } from 'node:util';
import Table from 'cli-table3';
import type { EndpointName, Verified } from './provider.ts';
import type { Step } from './run-collection.ts';

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

const columns: [name: EndpointName, title: string][] = [
  ['token_endpoint', 'token'],
  ['pushed_authorization_request_endpoint', 'PAR'],
  ['introspection_endpoint', 'introspection'],
  ['revocation_endpoint', 'revocation'],
];

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

  /** Runs by endpoints, and below each run what the server verified. */
  function formatTable(runs: DemoRun[]) {
    const table = new Table({
      head: ['run', ...columns.map(([, title]) => title), 'API'],
      style: { head: useColour ? ['bold'] : [], border: [], 'padding-right': 0 },
    });
    for (const run of runs) {
      const cells = columns.map(([endpoint]) => {
        const isAccepted = run.verified.some(entry => entry.endpoint === endpoint);
        return isAccepted ? paint('green', 'accepted') : paint('red', 'no');
      });
      const api = run.apiAnswered ? paint('green', 'answered') : paint('red', 'no');
      table.push([paint('bold', run.name.replace(', ', '\n')), ...cells, api]);
      table.push([{ colSpan: columns.length + 2, content: formatVerified(run.verified) }]);
    }
    return table.toString();
  }

  return { formatStep, formatTable, bold: (text: string) => paint('bold', text), mark };
}

function formatVerified(verified: Verified[]) {
  if (verified.length === 0) return 'verified by the server: nothing';
  const distinct = (member: 'method' | 'kid' | 'aud' | 'certificateSubject') =>
    [...new Set(verified.map(entry => entry[member]).filter(value => value !== undefined))].join(', ');
  const jtis = new Set(verified.map(({ jti }) => jti).filter(jti => jti !== undefined));
  const lines = [
    ['kid', distinct('kid')],
    ['aud', distinct('aud')],
    ['jti', jtis.size > 0 ? `${jtis.size} different` : ''],
    ['certificate', distinct('certificateSubject')],
  ] as const;
  return [
    `verified by the server: ${distinct('method')}`,
    ...lines.filter(([, value]) => value !== '').map(([label, value]) => `  ${label.padEnd(11)}  ${value}`),
  ].join('\n');
}

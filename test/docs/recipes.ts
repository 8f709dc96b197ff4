// The command lines in recipes for CI, as the CI would give them to a shell: one list for each job of the matrix.

import { parse } from 'yaml';

/** One step of a job: a script for bash, and the variables of its process. */
export type Step = { script: string; env: Record<string, string> };

/** What a CI puts in place of its expressions. */
export type Values = {
  /** By name, the text of a secret. */
  secrets: Record<string, string>;
  /** By name, the path of a secure file. */
  files: Record<string, string>;
};

/** Whether a recipe uses the action of this repository. */
export const isAction = (text: string): boolean => /uses: .*\/paynet-client-auth@/.test(text);

type Node = Record<string, unknown>;
type Cell = Record<string, string>;

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value);

/** All values of a member, however deep it is. */
const find = (value: unknown, name: string): unknown[] => {
  if (Array.isArray(value)) return value.flatMap(one => find(one, name));
  if (!isNode(value)) return [];
  return Object.entries(value).flatMap(([key, member]) => (key === name ? [member] : find(member, name)));
};

/** The cells of a matrix: of GitHub and GitLab lists of values by name, of Azure values by name of the job. */
const cellsOf = (document: unknown): Cell[] => {
  const matrix = find(document, 'matrix')[0];
  const rows = (Array.isArray(matrix) ? matrix : [matrix]).filter(isNode);
  const cells = rows.flatMap(row =>
    Object.entries(row).flatMap(([name, values]) =>
      Array.isArray(values) ? values.map((value): Cell => ({ [name]: String(value) })) : [values as Cell],
    ),
  );
  return cells.length > 0 ? cells : [{}];
};

/** The steps with a script: `run` of GitHub, `script` of GitLab and Azure. */
const stepsOf = (document: unknown): Step[] => {
  const [steps] = find(document, 'steps');
  const list = Array.isArray(steps) ? steps : find(document, 'script').flat();
  return list.flatMap((step): Step[] => {
    if (typeof step === 'string') return [{ script: step, env: {} }];
    const script = step.run ?? step.script;
    return typeof script === 'string' ? [{ script, env: step.env ?? {} }] : [];
  });
};

/** Puts values in place of `${{ matrix.x }}`, `${{ secrets.X }}`, `$(x)` and `$(x.secureFilePath)`. */
const fill = (text: string, cell: Cell, { secrets, files }: Values): string =>
  text
    .replace(/\$\{\{ matrix\.(\w+) \}\}/g, (all, name) => cell[name] ?? all)
    .replace(/\$\{\{ secrets\.(\w+) \}\}/g, (all, name) => secrets[name] ?? all)
    .replace(/\$\((\w+)\.secureFilePath\)/g, (all, name) => files[name] ?? all)
    .replace(/\$\((\w+)\)/g, (all, name) => cell[name] ?? all);

const readYaml = (text: string, values: Values): Step[][] => {
  const document = parse(text);
  return cellsOf(document).map(cell =>
    stepsOf(document).map(({ script, env }) => ({
      script: fill(script, cell, values),
      env: {
        ...cell,
        ...Object.fromEntries(Object.entries(env).map(([name, value]) => [name, fill(value, cell, values)])),
      },
    })),
  );
};

const readGroovy = (text: string): Step[][] => [
  [...text.matchAll(/\bsh ('''|')(.*?)\1/gs)].map(([, , script = '']) => ({ script, env: {} })),
];

/** Reads a recipe: the steps of each job. */
export const readRecipe = (language: string, text: string, values: Values): Step[][] =>
  language === 'groovy' ? readGroovy(text) : readYaml(text, values);

/**
 * Writes lines of PowerShell as the same lines of bash.
 *
 * @throws Error for what bash would read in another way
 */
export const toBash = (powershell: string): string => {
  const text = powershell
    .replace(/ `\n/g, ' \\\n')
    .replace(/^\$env:(\w+) = '([^']*)'$/gm, `export $1='$2'`)
    .replace(/"\$env:(\w+)"/g, '"$$$1"');
  const plain = text.replace(/'[^']*'|"\$\w+"/g, '');
  // Between quotes nothing is lost; outside of them a comma makes two arguments, and these characters mean other things.
  const other = /[,`$(){}@&|;<>"']/.exec(plain);
  if (other) throw new Error(`PowerShell reads "${other[0]}" in its own way: ${powershell}`);
  return text;
};

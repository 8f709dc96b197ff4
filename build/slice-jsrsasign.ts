// Cuts out of jsrsasign's own file what a PS256 signature needs, and nothing else: an esbuild plugin, on the machine,
// at build time. The file is one script of top-level statements that knows no modules, so no bundler can shake it.
// This one reads it as a graph of definitions and keeps what is reachable from the members that were asked for.

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { type AnyNode, parse } from 'acorn';
import { full } from 'acorn-walk';
import type { Plugin } from 'esbuild';
import { analyze } from 'periscopic';

/** What to cut out, in the names of jsrsasign. */
export type Slice = {
  /** Members that the caller uses, as dotted paths: `CryptoJS.enc`. */
  roots: string[];
  /** Names and members that the caller brings instead of jsrsasign's own. */
  provided: string[];
  /** Members whose value is an object that the caller never comes to use; they become empty objects. */
  emptied?: string[];
};

/** One definition of the file: a function, a variable, a member assignment, or a statement that adds to a global. */
type Definition = {
  source: string;
  /** The name or dotted path that it defines; undefined for a statement that only adds to the globals it mentions. */
  path: string | undefined;
  /** Names that are free in it. */
  uses: Set<string>;
  /** Property names that it reads, and those that it defines. */
  reads: Set<string>;
  defines: Set<string>;
};

/** What every JavaScript engine has; any other free name in the slice stops the build. */
const LANGUAGE = new Set(
  'Array Error Math String arguments decodeURIComponent encodeURIComponent escape parseInt undefined unescape'.split(
    ' ',
  ),
);

/** `a.b.c` of a member expression without computed parts, or undefined. */
const toPath = (node: AnyNode): string | undefined => {
  if (node.type === 'Identifier') return node.name;
  if (node.type !== 'MemberExpression' || node.computed || node.property.type !== 'Identifier') return undefined;
  const object = toPath(node.object);
  return object && `${object}.${node.property.name}`;
};

/** The dotted path of a member that an expression assigns to. */
const toAssigned = (expression: AnyNode): string | undefined => {
  const path = expression.type === 'AssignmentExpression' ? toPath(expression.left) : undefined;
  return path?.includes('.') ? path : undefined;
};

const toLast = (path: string): string => path.slice(path.lastIndexOf('.') + 1);

const toDefinition = (source: string, path: string | undefined): Definition => {
  const program = parse(source, { ecmaVersion: 2020 });
  const reads = new Set<string>();
  const defines = new Set<string>();
  const assigned = new Set<AnyNode>();
  // Outer nodes come after their inner ones, so the targets of assignments are collected first.
  const visit = (visitor: (node: AnyNode) => void) => full(program, node => visitor(node as AnyNode));
  visit(node => {
    if (node.type === 'AssignmentExpression') assigned.add(node.left);
    if (node.type === 'Property' && node.key.type === 'Identifier') defines.add(node.key.name);
  });
  visit(node => {
    if (node.type !== 'MemberExpression' || node.computed || node.property.type !== 'Identifier') return;
    (assigned.has(node) ? defines : reads).add(node.property.name);
  });
  const uses = new Set(analyze(program as never).globals.keys());
  return { source, path, uses, reads, defines };
};

const toDefinitions = (text: string): Definition[] => {
  const cut = (node: AnyNode) => text.slice(node.start, node.end);
  return parse(text, { ecmaVersion: 2020 }).body.flatMap(statement => {
    switch (statement.type) {
      case 'EmptyStatement':
        return [];
      case 'FunctionDeclaration':
        return [toDefinition(cut(statement), statement.id.name)];
      case 'VariableDeclaration':
        return statement.declarations.map(one => toDefinition(`var ${cut(one)};`, toPath(one.id)));
      case 'ExpressionStatement': {
        const { expression } = statement;
        const path = expression.type === 'AssignmentExpression' ? toPath(expression.left) : undefined;
        return [toDefinition(cut(statement), path)];
      }
      default:
        return [toDefinition(cut(statement), undefined)];
    }
  });
};

/** What the language reads by itself. */
const IMPLICIT = ['toString', 'valueOf', 'constructor', 'prototype'];

/**
 * Takes out functions of object literals, and statements that assign to a member, where nothing reads the name but what has it
 * itself, until there is none.
 *
 * @param asked names that the caller reads
 * @returns the source that is left, and the names that are gone
 */
const dropUnread = (source: string, asked: Set<string>): { source: string; dropped: string[] } => {
  const members: { name: string; start: number; end: number }[] = [];
  const reads: { name: string; at: number }[] = [];
  full(parse(source, { ecmaVersion: 2020 }), plain => {
    const node = plain as AnyNode;
    if (node.type === 'Property' && node.key.type === 'Identifier' && node.value.type === 'FunctionExpression') {
      members.push({ name: node.key.name, start: node.start, end: node.end });
    }
    const assigned = node.type === 'ExpressionStatement' && toAssigned(node.expression);
    if (assigned) members.push({ name: toLast(assigned), start: node.start, end: node.end });
    if (node.type === 'MemberExpression' && !node.computed && node.property.type === 'Identifier') {
      reads.push({ name: node.property.name, at: node.start });
    }
  });
  const isInside = (at: number, name: string) =>
    members.some(member => member.name === name && member.start <= at && at < member.end);
  const unread = members.find(
    ({ name }) =>
      !asked.has(name) &&
      !IMPLICIT.includes(name) &&
      !reads.some(read => read.name === name && !isInside(read.at, name)),
  );
  if (!unread) return { source, dropped: [] };
  const [before, after] = [source.slice(0, unread.start), source.slice(unread.end)];
  // The comma goes along, the one before the last member of a literal.
  const rest = /^\s*,/.test(after) ? before + after.replace(/^\s*,/, '') : before.replace(/,\s*$/, '') + after;
  const next = dropUnread(rest, asked);
  return { source: next.source, dropped: [unread.name, ...next.dropped] };
};

/** Empties the object that is assigned to a member. */
const empty = (source: string, name: string): string => {
  const found: { start: number; end: number }[] = [];
  full(parse(source, { ecmaVersion: 2020 }), plain => {
    const node = plain as AnyNode;
    const assigned = node.type === 'AssignmentExpression' && node.right.type === 'ObjectExpression' && node.left;
    if (assigned && assigned.type === 'MemberExpression' && source.slice(0, assigned.end).endsWith(`.${name}`)) {
      found.push(node.right);
    }
  });
  const [only] = found;
  if (!only || found.length > 1)
    throw new Error(`jsrsasign: "${name}" was to be emptied, and is there ${found.length} times`);
  return `${source.slice(0, only.start)}{}${source.slice(only.end)}`;
};

/**
 * Keeps of a script what is reachable from the members asked for, in the script's own order.
 *
 * A definition is kept when its name is free in kept code; a member of a kept object, when kept code reads a property
 * of its name; a statement that adds to a kept object, when it defines a member that was asked for and is still missing.
 * In kept code functions of object literals, and members that are assigned, are dropped where nothing else reads them.
 *
 * @param text the script
 * @returns the kept source, the paths of what was kept, and the names of what was dropped out of that
 * @throws Error when a member asked for is missing, or kept code uses a name that nothing defines
 */
export const slice = (
  text: string,
  { roots, provided, emptied = [] }: Slice,
): { source: string; kept: string[]; dropped: string[] } => {
  const definitions = toDefinitions(text);
  const names = new Map(definitions.flatMap(one => (one.path && !one.path.includes('.') ? [[one.path, one]] : [])));
  const asked = new Set(roots.map(toLast));
  const kept = new Set<Definition>();
  const wanted = new Set<string>();
  const defined = new Set<string>();

  const keep = (definition: Definition): void => {
    if (kept.has(definition)) return;
    kept.add(definition);
    for (const name of definition.defines) defined.add(name);
    for (const name of definition.reads) wanted.add(name);
    for (const name of definition.uses) keepName(name);
  };
  const keepName = (name: string): void => {
    if (provided.includes(name) || LANGUAGE.has(name)) return;
    const definition = names.get(name);
    if (!definition) throw new Error(`jsrsasign: "${name}" is used by what was asked for, and defined nowhere`);
    keep(definition);
  };

  for (const root of roots) {
    const owner = root.split('.')[0] as string;
    if (!names.has(owner)) throw new Error(`jsrsasign: "${root}" was asked for, and "${owner}" is not in the file`);
    keepName(owner);
    wanted.add(toLast(root));
  }
  const owners = new Set(roots.map(root => root.split('.')[0] as string));
  /** Whether members of a global are looked for: it is kept, or the caller brings it to have methods put on it. */
  const isOwner = (name: string): boolean =>
    kept.has(names.get(name) as Definition) || (provided.includes(name) && owners.has(name));
  const addsToKept = (one: Definition): boolean =>
    one.path === undefined
      ? [...one.uses].some(name => kept.has(names.get(name) as Definition))
      : one.path.includes('.') && isOwner(one.path.split('.')[0] as string);
  const isMissing = (one: Definition): boolean =>
    one.path === undefined
      ? [...one.defines].some(name => asked.has(name) && !defined.has(name))
      : !provided.includes(one.path) && wanted.has(toLast(one.path));
  for (let before = -1; before !== kept.size; ) {
    before = kept.size;
    for (const one of definitions) if (!kept.has(one) && addsToKept(one) && isMissing(one)) keep(one);
  }

  for (const root of roots) {
    if (!defined.has(toLast(root))) throw new Error(`jsrsasign: "${root}" was asked for, and is not in the file`);
  }
  const inOrder = definitions.filter(one => kept.has(one));
  return {
    ...dropUnread(emptied.reduce(empty, inOrder.map(one => one.source).join('\n')), asked),
    kept: inOrder.map(one => one.path ?? `statement that adds ${[...one.defines].filter(name => asked.has(name))}`),
  };
};

/** What `ps256.ts` uses: the PSS encoder, and SHA-256. The key, arithmetic, random bytes and the choice of the hash come from us. */
const PS256: Slice = {
  roots: ['RSAKey.prototype.signWithMessageHashPSS', 'CryptoJS.SHA256', 'CryptoJS.enc'],
  provided: ['RSAKey', 'BigInteger', 'SecureRandom', 'KJUR', 'RSAKey.prototype.doPrivate'],
  // What is hashed is bytes; these make bytes of text.
  emptied: ['Latin1', 'Utf8'],
};

/**
 * An esbuild plugin that serves the slice as the module `jsrsasign/ps256`: a function, so that no line of jsrsasign is
 * compiled before there is something to sign.
 *
 * @param report receives the paths of what was kept, and the names of what was dropped out of that
 */
export const sliceJsrsasign = (report: (kept: string[], dropped: string[]) => void = () => {}): Plugin => ({
  name: 'slice-jsrsasign',
  setup(build) {
    build.onResolve({ filter: /^jsrsasign\/ps256$/ }, ({ path }) => ({ path, namespace: 'jsrsasign' }));
    build.onLoad({ filter: /.*/, namespace: 'jsrsasign' }, async () => {
      const file = createRequire(import.meta.url).resolve('jsrsasign/lib/jsrsasign-rsa-min.js');
      const { source, kept, dropped } = slice(await readFile(file, 'utf8'), PS256);
      report(kept, dropped);
      const parameters = PS256.provided.filter(name => !name.includes('.')).join(', ');
      return { contents: `export default (${parameters}) => {\n${source}\nreturn CryptoJS;\n};` };
    });
  },
});

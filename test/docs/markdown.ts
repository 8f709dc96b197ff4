// The pages of the documentation as text: their code blocks, headings and links.

import { readdirSync, readFileSync } from 'node:fs';

const root = new URL('../../', import.meta.url);

/** A fenced code block. */
export type Block = {
  /** The page, from the top of the repository. */
  page: string;
  /** Of its first line, counted from 1. */
  line: number;
  language: string;
  text: string;
};

/** A page in Markdown. */
export type Page = { path: string; text: string };

/** All pages for readers. */
export const pages: Page[] = [
  ...readdirSync(root).filter(name => name.endsWith('.md')),
  ...readdirSync(new URL('docs', root))
    .filter(name => name.endsWith('.md'))
    .map(name => `docs/${name}`),
].map(path => ({ path, text: readFileSync(new URL(path, root), 'utf8') }));

/** @throws Error when there is no such page */
export const pageOf = (path: string): string => {
  const page = pages.find(one => one.path === path);
  if (!page) throw new Error(`there is no page ${path}`);
  return page.text;
};

const FENCE = /^( *)```(\w*)\n(.*?)^\1```$/gms;

/** The fenced code blocks of a page, without their indentation. */
export const blocksOf = ({ path, text }: Page): Block[] =>
  [...text.matchAll(FENCE)].map(({ index, 1: indent = '', 2: language = '', 3: code = '' }) => ({
    page: path,
    line: text.slice(0, index).split('\n').length,
    language,
    text: code.replace(new RegExp(`^${indent}`, 'gm'), ''),
  }));

/** The text of a page without its code blocks. */
export const proseOf = ({ text }: Page): string => text.replace(FENCE, '');

/** The names by which links reach the headings of a page, as GitHub makes them. */
export const anchorsOf = (page: Page): string[] =>
  [...proseOf(page).matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\w -]/g, '')
      .replace(/ /g, '-'),
  );

/** The targets of links and pictures of a page. */
export const linksOf = (page: Page): string[] =>
  [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);

/** What stands between backticks in a page. */
export const codeOf = (page: Page): string[] =>
  [...proseOf(page).matchAll(/(`+)(.+?)\1(?!`)/g)].map(([, , code = '']) => code);

/** The part of a page below a heading of the second level, up to the next one. */
export const sectionOf = (path: string, title: string): string => {
  const section = `\n${pageOf(path)}`.split(`\n## ${title}\n`)[1]?.split('\n## ')[0];
  if (section === undefined) throw new Error(`${path} has no section "${title}"`);
  return section;
};

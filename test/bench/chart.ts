// A bar chart of costs as SVG, on a logarithmic scale, for the README.

/** One bar; the bars of a group stand together. */
export type Bar = { group: string; name: string; value: number };

const WIDTH = 760;
const LABELS = 250;
const ROW = 20;

const toText = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');

/** Draws the bars from top to bottom in the order given. */
export const toChart = (bars: Bar[], title: string, footer: string): string => {
  const max = Math.max(...bars.map(({ value }) => value));
  // From a tenth of a millisecond up, so that a bar of one is not nothing.
  const toWidth = (value: number) =>
    Math.max(2, (Math.log10(Math.max(value, 0.1) * 10) / Math.log10(max * 10)) * (WIDTH - LABELS - 90));
  let y = 34;
  const parts = bars.map(({ group, name, value }, index) => {
    const isFirst = bars[index - 1]?.group !== group;
    if (isFirst) y += index === 0 ? 16 : 30;
    const heading = isFirst ? `<text x="10" y="${y}" font-weight="bold">${toText(group)}</text>` : '';
    y += ROW;
    const color = name.startsWith('this script') ? '#1a7f5a' : '#9aa5b1';
    const width = toWidth(value);
    return `${heading}
<text x="${LABELS}" y="${y}" text-anchor="end">${toText(name)}</text>
<rect x="${LABELS + 8}" y="${y - 12}" width="${width.toFixed(1)}" height="14" fill="${color}"/>
<text x="${(LABELS + 14 + width).toFixed(1)}" y="${y}">${value.toFixed(1)} ms</text>`;
  });
  const height = y + 40;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" font-family="sans-serif" font-size="12" fill="#24292f">
<title>${toText(title)}</title>
<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>
<text x="10" y="24" font-size="15" font-weight="bold">${toText(title)} (logarithmic scale)</text>
${parts.join('\n')}
<text x="10" y="${height - 12}" fill="#57606a">${toText(footer)}</text>
</svg>
`;
};

// A bar chart of costs as SVG, for the README: bars in proportion, each group on a scale of its own.

/** One bar; the bars of a group stand together. */
export type Bar = { group: string; name: string; value: number };

const WIDTH = 760;
const LABELS = 250;
const ROW = 20;

const toText = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');

/**
 * Draws the bars from top to bottom in the order given.
 *
 * @param ours the name of the bar in each group that the others are compared with
 */
export const toChart = (bars: Bar[], ours: string, title: string, footer: string): string => {
  const valuesOf = (group: string, name?: string): number[] =>
    bars.filter(bar => bar.group === group && (!name || bar.name === name)).map(({ value }) => value);
  const toWidth = ({ group, value }: Bar) =>
    Math.max(2, (value / Math.max(...valuesOf(group))) * (WIDTH - LABELS - 130));
  const toLabel = ({ group, name, value }: Bar): string => {
    const ratio = value / (valuesOf(group, ours)[0] ?? Number.NaN);
    const digits = ratio < 10 ? 1 : 0;
    return `${value.toFixed(1)} ms${name === ours ? '' : `, ${ratio.toFixed(digits)} times`}`;
  };
  let y = 34;
  const parts = bars.map((bar, index) => {
    const { group, name } = bar;
    const isFirst = bars[index - 1]?.group !== group;
    if (isFirst) y += index === 0 ? 16 : 30;
    const heading = isFirst ? `<text x="10" y="${y}" font-weight="bold">${toText(group)}</text>` : '';
    y += ROW;
    const color = name.startsWith(ours) ? '#1a7f5a' : '#9aa5b1';
    const width = toWidth(bar);
    return `${heading}
<text x="${LABELS}" y="${y}" text-anchor="end">${toText(name)}</text>
<rect x="${LABELS + 8}" y="${y - 12}" width="${width.toFixed(1)}" height="14" fill="${color}"/>
<text x="${(LABELS + 14 + width).toFixed(1)}" y="${y}">${toLabel(bar)}</text>`;
  });
  const height = y + 40;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" font-family="sans-serif" font-size="12" fill="#24292f">
<title>${toText(title)}</title>
<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>
<text x="10" y="24" font-size="15" font-weight="bold">${toText(title)}</text>
${parts.join('\n')}
<text x="10" y="${height - 12}" fill="#57606a">${toText(footer)}</text>
</svg>
`;
};

// Bytes that are written as numbers, as JSON and the console write a buffer. Pure, on the machine.

export interface NumberRun {
  start: number;
  end: number;
  bytes: Buffer;
}

/** So many numbers of up to three digits, one behind the other; whitespace and commas are between them. */
const RUN = /\d{1,3}(?:\s{0,99},\s{0,99}\d{1,3}){7,20000}/g;

/** The runs of numbers that are bytes. Of a longer run each part is one. */
export function* findNumberRuns(text: string): Generator<NumberRun> {
  for (const { 0: run, index } of text.matchAll(RUN)) {
    const numbers = run.split(',').map(Number);
    if (numbers.every(one => one < 256)) yield { start: index, end: index + run.length, bytes: Buffer.from(numbers) };
  }
}

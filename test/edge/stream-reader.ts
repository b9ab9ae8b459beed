/** One block of a stream: a comment, a field of its own such as `retry`, or an event. */
export interface Block {
  id: string | null;
  name: string | null;
  data: Record<string, unknown>;
  text: string;
}

/** A client of a stream that keeps everything it was sent. */
export interface StreamReader {
  response: Response;
  blocks: Block[];
  /** The events of one name so far. */
  named(name: string): Block[];
  /** The first block, past or coming, that fits; rejects with what came instead when the stream ends. */
  until(fits: (block: Block) => boolean): Promise<Block>;
  /** Resolves when the stream ends by itself. */
  ended: Promise<void>;
  /** The newest id. */
  cursor(): string;
  leave(): Promise<void>;
}

/** Reads the stream of a response as fast as it comes. */
export const readStream = (response: Response): StreamReader => {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (!reader || !response.ok) throw new Error(`no stream: ${response.status}`);
  const blocks: Block[] = [];
  const waiting: {
    fits: (block: Block) => boolean;
    resolve: (block: Block) => void;
    reject: (cause: Error) => void;
  }[] = [];

  const read = async (): Promise<void> => {
    let rest = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const parts = (rest + value).split('\n\n');
      rest = parts.pop() ?? '';
      for (const block of parts.map(parseBlock)) {
        blocks.push(block);
        for (const wait of waiting.filter(({ fits }) => fits(block))) wait.resolve(block);
      }
    }
    if (rest !== '') throw new Error(`the stream was cut inside an event: ${rest.slice(0, 100)}`);
    for (const wait of waiting) wait.reject(new Error(`ended after ${JSON.stringify(blocks.map(({ text }) => text))}`));
  };
  const ended = read();
  // A test that leaves the stream itself never looks at how it ended.
  ended.catch((cause: unknown) => console.log(String(cause)));

  return {
    response,
    blocks,
    ended,
    named: (name) => blocks.filter((block) => block.name === name),
    until: (fits) =>
      new Promise((resolve, reject) => {
        const known = blocks.find(fits);
        if (known) resolve(known);
        else waiting.push({ fits, resolve, reject });
      }),
    cursor: () => blocks.findLast((block) => block.id !== null)?.id ?? '',
    leave: () => reader.cancel(),
  };
};

/**
 * The first value of each field, and the very text: these tests are about what is written, which a parser would hide.
 */
export const parseBlock = (text: string): Block => {
  const field = (name: string): string | null =>
    text
      .split('\n')
      .find((line) => line.startsWith(`${name}: `))
      ?.slice(name.length + 2) ?? null;
  return { id: field('id'), name: field('event'), data: JSON.parse(field('data') ?? '{}'), text };
};

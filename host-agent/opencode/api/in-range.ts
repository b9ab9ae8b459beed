/**
 * OpenCode repeats what providers, models, tools and plug-ins say, and they say anything. Here it is brought into the
 * range of our own events, where it enters: what can't be is replaced or left out, and never refuses the rest.
 */
import * as z from 'zod';
import { beginningOf, wellFormed } from '../../../shared/text.ts';

/** OpenCode's own ids have 30 characters; the link carries up to this many. */
const idChars = 200;
/** Of tools, agents, models and providers: made by people, for lists. */
const nameChars = 200;
/** Longer than any path Linux takes (PATH_MAX). */
const pathChars = 4_096;
/**
 * No model reads or writes as much in one step, and no step costs as much in dollars: then it is no number, but a
 * provider's bug.
 */
const maxStepTokens = 1e9;
const maxStepUsd = 1e6;

/** A name OpenCode gave something. Another that is not well-formed could not be told from its neighbour. */
export const id = z
  .string()
  .min(1)
  .max(idChars)
  .refine((value) => value.isWellFormed(), 'is not well-formed');

export const text = z.string().transform((value) => value.toWellFormed());
export const name = text.transform((value) => beginningOf(value, nameChars));
export const path = text.pipe(z.string().max(pathChars));

/** What a tool was called with or an agent asks: any JSON, of a depth that can be written again. */
export const json = z.unknown().transform((value) => wellFormed(value, () => '[nested too deep to be shown]'));

/** What should be text: other values are shown as their JSON. */
export const words = json.transform((value) => (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')));

/** A field that is there as it should be, or counts as absent. */
export const ifReadable = <T>(field: z.ZodType<T>) => field.optional().catch(undefined);

/** A list without the entries that can't be read: one of them must not hide the others. */
export const listOf = <T>(entry: z.ZodType<T>) =>
  z.array(z.unknown()).transform((all) =>
    all.flatMap((each): T[] => {
      const read = entry.safeParse(each);
      return read.success ? [read.data] : [];
    }),
  );

const tokens = z.number().catch(Number.NaN);
const reported = z
  .object({ input: tokens, output: tokens, reasoning: tokens, cache: z.object({ read: tokens, write: tokens }) })
  .catch({
    input: Number.NaN,
    output: Number.NaN,
    reasoning: Number.NaN,
    cache: { read: Number.NaN, write: Number.NaN },
  });

const isCount = (value: number): boolean => value >= 0 && value <= maxStepTokens;
const countOf = (value: number): number => (isCount(value) ? Math.round(value) : 0);

/**
 * Cost (dollars) and tokens of one step. A number that can't be counts as not reported, 0; and then so does the cost,
 * which OpenCode multiplied from it.
 */
export const stepUsage = z
  .object({ cost: z.number().catch(0), tokens: reported })
  .transform(({ cost, tokens: { input, output, reasoning, cache } }) => {
    const isCost =
      [input, output, reasoning, cache.read, cache.write].every(isCount) && cost >= 0 && cost <= maxStepUsd;
    return {
      cost: isCost ? cost : 0,
      tokens: {
        input: countOf(input),
        output: countOf(output),
        reasoning: countOf(reasoning),
        cache: { read: countOf(cache.read), write: countOf(cache.write) },
      },
    };
  });

import type * as z from 'zod';

/** A tool as models see it. Apart from what runs, since the plug-in for OpenCode has only this. */
export interface Declared<Shape extends z.ZodRawShape = z.ZodRawShape> {
  name: string;
  /** For models: when to use it, what it does with odd input, what its limits are. */
  description: string;
  args: Shape;
}

/** Keeps the shape of `args`, so that what runs has its arguments typed. */
export const declare = <Shape extends z.ZodRawShape>(declared: Declared<Shape>): Declared<Shape> => declared;

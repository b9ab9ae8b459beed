// Before every test file: a `vi.waitFor` that says no limit has ours, instead of one second.
import { vi } from 'vitest';
import { patience } from './patience.ts';

const { waitFor } = vi;

vi.waitFor = (callback, options = {}) =>
  waitFor(callback, typeof options === 'number' ? options : { timeout: patience.timeout, ...options });

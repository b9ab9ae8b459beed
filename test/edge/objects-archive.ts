import { onTestFinished } from 'vitest';

/**
 * The bucket of the objects in these tests, as they see it. `unbound`, but in tests that bind it. `refusing` fails;
 * `forgetful` does what it is asked and fails then, as a lost answer does; `hanging` never answers.
 */
export const objectsArchive: { is: 'unbound' | 'there' | 'refusing' | 'forgetful' | 'hanging'; asked: string[] } = {
  is: 'unbound',
  asked: [],
};

/** Objects that are constructed until the test is done have the bucket. */
export const bindArchive = (): void => {
  objectsArchive.is = 'there';
  objectsArchive.asked = [];
  onTestFinished(() => {
    objectsArchive.is = 'unbound';
  });
};

/** The bucket for an object that is constructed now. */
export const archiveSeen = (bucket: R2Bucket | undefined): R2Bucket | undefined =>
  bucket === undefined || objectsArchive.is === 'unbound'
    ? undefined
    : new Proxy(bucket, {
        get: (target, name) => {
          const value: unknown = Reflect.get(target, name);
          if (typeof value !== 'function') return value;
          return async (...given: unknown[]) => {
            objectsArchive.asked.push(String(name));
            if (objectsArchive.is === 'hanging') return new Promise(() => undefined);
            if (objectsArchive.is === 'refusing') throw new Error('the bucket refuses');
            const answer: unknown = await Reflect.apply(value, target, given);
            if (objectsArchive.is === 'forgetful') throw new Error('the answer of the bucket is lost');
            return answer;
          };
        },
      });

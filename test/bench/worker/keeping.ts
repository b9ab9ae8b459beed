import { Minimal } from './minimal.ts';

/**
 * The minimal object, and the least that makes rows outlive it: each inserted into one table, in one transaction a
 * batch.
 */
export class Keeping extends Minimal {
  readonly #sql: SqlStorage;

  constructor(ctx: DurableObjectState, env: object) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    this.#sql.exec('CREATE TABLE IF NOT EXISTS log (seq INTEGER PRIMARY KEY, body TEXT NOT NULL)');
  }

  protected override keep(items: object[]): void {
    this.ctx.storage.transactionSync(() => {
      for (const each of items) this.#sql.exec('INSERT INTO log (body) VALUES (?)', JSON.stringify(each));
    });
  }
}

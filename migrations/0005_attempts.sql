CREATE TABLE `attempts` (
	`name` text PRIMARY KEY NOT NULL,
	`clear_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `attempts_clear` ON `attempts` (`clear_at`);--> statement-breakpoint
CREATE TABLE `known_addresses` (
	`address` text NOT NULL,
	`account` text NOT NULL,
	`seen_at` integer NOT NULL,
	PRIMARY KEY(`address`, `account`)
);
--> statement-breakpoint
CREATE INDEX `known_addresses_seen` ON `known_addresses` (`seen_at`);--> statement-breakpoint
CREATE INDEX `known_addresses_account` ON `known_addresses` (`account`,`seen_at`);--> statement-breakpoint
DROP TABLE `login_failures`;--> statement-breakpoint
CREATE INDEX `enrolment_codes_expires` ON `enrolment_codes` (`expires_at`);--> statement-breakpoint
CREATE INDEX `idempotency_created` ON `idempotency` (`created_at`);
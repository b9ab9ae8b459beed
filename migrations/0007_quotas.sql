CREATE TABLE `quotas` (
	`owner` text NOT NULL,
	`name` text NOT NULL,
	`value` integer NOT NULL,
	`changed_at` integer NOT NULL,
	PRIMARY KEY(`owner`, `name`)
);

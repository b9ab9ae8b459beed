CREATE TABLE `enrolment_codes` (
	`code_sha256` text PRIMARY KEY NOT NULL,
	`host_name` text,
	`created_by` text NOT NULL,
	`expires_at` integer NOT NULL,
	`used_at` integer,
	`attempt_sha256` text,
	`host` text
);
--> statement-breakpoint
ALTER TABLE `hosts` ADD `removed_at` integer;--> statement-breakpoint
CREATE INDEX `missions_owner_host` ON `missions` (`owner`,`host`);
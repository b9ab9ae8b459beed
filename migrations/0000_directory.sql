CREATE TABLE `current_missions` (
	`owner` text PRIMARY KEY NOT NULL,
	`mission` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `hosts` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`credential_sha256` text NOT NULL,
	`epoch` integer NOT NULL,
	`workspace_id` text NOT NULL,
	`log` text,
	`live` integer DEFAULT false NOT NULL,
	`agents` text,
	`working_dir` text,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `idempotency` (
	`owner` text NOT NULL,
	`route` text NOT NULL,
	`key` text NOT NULL,
	`body_sha256` text NOT NULL,
	`reserved` text NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`owner`, `route`, `key`)
);
--> statement-breakpoint
CREATE TABLE `login_failures` (
	`key` text PRIMARY KEY NOT NULL,
	`count` integer NOT NULL,
	`window_started_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `missions` (
	`id` text PRIMARY KEY NOT NULL,
	`host` text NOT NULL,
	`owner` text NOT NULL,
	`status` text NOT NULL,
	`title` text,
	`workspace` text NOT NULL,
	`agent` text,
	`model` text,
	`cost_usd` real NOT NULL,
	`history` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`interrupted_at` integer,
	`deleted_at` integer,
	`log` text NOT NULL,
	`rev` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `missions_owner_updated` ON `missions` (`owner`,`deleted_at`,`updated_at`);--> statement-breakpoint
CREATE INDEX `missions_host_rev` ON `missions` (`host`,`rev`);
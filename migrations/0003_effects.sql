ALTER TABLE `hosts` ADD `rev` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `hosts` ADD `slice` integer DEFAULT 0 NOT NULL;
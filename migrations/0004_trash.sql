ALTER TABLE `missions` ADD `in_trash` integer DEFAULT false NOT NULL;--> statement-breakpoint
CREATE INDEX `missions_trash` ON `missions` (`owner`,`deleted_at`) WHERE "missions"."in_trash" = 1;
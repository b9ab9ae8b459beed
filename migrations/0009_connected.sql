ALTER TABLE `hosts` ADD `connected_since` integer;--> statement-breakpoint
ALTER TABLE `hosts` ADD `slots` integer;
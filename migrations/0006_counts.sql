CREATE TABLE `mission_totals` (
	`owner` text NOT NULL,
	`host` text NOT NULL,
	`status` text NOT NULL,
	`missions` integer NOT NULL,
	`cost_nano` integer NOT NULL,
	PRIMARY KEY(`owner`, `host`, `status`)
);
--> statement-breakpoint
DROP INDEX `missions_host_rev`;--> statement-breakpoint
DROP INDEX `missions_owner_totals`;--> statement-breakpoint
DROP INDEX `missions_owner_host`;--> statement-breakpoint
CREATE INDEX `missions_owner_host` ON `missions` (`owner`,`host`,`deleted_at`,`updated_at`);--> statement-breakpoint
INSERT INTO `mission_totals` (`owner`, `host`, `status`, `missions`, `cost_nano`)
	SELECT `owner`, `host`, `status`, count(*), sum(CAST(round(`cost_usd` * 1e9) AS integer)) FROM `missions`
	WHERE `deleted_at` IS NULL GROUP BY `owner`, `host`, `status`;--> statement-breakpoint
CREATE TRIGGER `missions_counted` AFTER INSERT ON `missions` WHEN NEW.`deleted_at` IS NULL BEGIN
	INSERT INTO `mission_totals` (`owner`, `host`, `status`, `missions`, `cost_nano`)
		VALUES (NEW.`owner`, NEW.`host`, NEW.`status`, 1, CAST(round(NEW.`cost_usd` * 1e9) AS integer))
		ON CONFLICT (`owner`, `host`, `status`) DO UPDATE SET
			`missions` = `missions` + 1, `cost_nano` = `cost_nano` + excluded.`cost_nano`;
END;--> statement-breakpoint
CREATE TRIGGER `missions_uncounted` AFTER DELETE ON `missions` WHEN OLD.`deleted_at` IS NULL BEGIN
	UPDATE `mission_totals` SET
			`missions` = `missions` - 1, `cost_nano` = `cost_nano` - CAST(round(OLD.`cost_usd` * 1e9) AS integer)
		WHERE `owner` = OLD.`owner` AND `host` = OLD.`host` AND `status` = OLD.`status`;
END;--> statement-breakpoint
CREATE TRIGGER `missions_moved` AFTER UPDATE OF `owner`, `host`, `status`, `deleted_at` ON `missions`
	WHEN (OLD.`owner`, OLD.`host`, OLD.`status`, OLD.`deleted_at` IS NULL)
		<> (NEW.`owner`, NEW.`host`, NEW.`status`, NEW.`deleted_at` IS NULL) BEGIN
	UPDATE `mission_totals` SET
			`missions` = `missions` - 1, `cost_nano` = `cost_nano` - CAST(round(OLD.`cost_usd` * 1e9) AS integer)
		WHERE OLD.`deleted_at` IS NULL
			AND `owner` = OLD.`owner` AND `host` = OLD.`host` AND `status` = OLD.`status`;
	INSERT INTO `mission_totals` (`owner`, `host`, `status`, `missions`, `cost_nano`)
		SELECT NEW.`owner`, NEW.`host`, NEW.`status`, 1, CAST(round(NEW.`cost_usd` * 1e9) AS integer)
		WHERE NEW.`deleted_at` IS NULL
		ON CONFLICT (`owner`, `host`, `status`) DO UPDATE SET
			`missions` = `missions` + 1, `cost_nano` = `cost_nano` + excluded.`cost_nano`;
END;--> statement-breakpoint
CREATE TRIGGER `missions_cost` AFTER UPDATE OF `cost_usd` ON `missions`
	WHEN NEW.`deleted_at` IS NULL AND NEW.`cost_usd` <> OLD.`cost_usd`
		AND (OLD.`owner`, OLD.`host`, OLD.`status`, OLD.`deleted_at` IS NULL)
		= (NEW.`owner`, NEW.`host`, NEW.`status`, NEW.`deleted_at` IS NULL) BEGIN
	UPDATE `mission_totals` SET `cost_nano` = `cost_nano`
			- CAST(round(OLD.`cost_usd` * 1e9) AS integer) + CAST(round(NEW.`cost_usd` * 1e9) AS integer)
		WHERE `owner` = NEW.`owner` AND `host` = NEW.`host` AND `status` = NEW.`status`;
END;

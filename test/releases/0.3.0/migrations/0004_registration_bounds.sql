ALTER TABLE `clients` ADD `registration_used` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `clients` ADD `consent_epoch` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `clients` ADD `bounds` text;--> statement-breakpoint
-- Tokens of before a change stay dead.
UPDATE `clients` SET `registration_used` = `registration_epoch`;--> statement-breakpoint
-- Who made a client is not known of those from before: what an admin may have set bounds them all.
UPDATE `clients` SET `bounds` = `metadata`;

CREATE TABLE `audit_log` (
	`id` text PRIMARY KEY NOT NULL,
	`event` text NOT NULL,
	`actor` text NOT NULL,
	`sub_hash` text,
	`client_id` text,
	`entry` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `audit_log_by_subject` ON `audit_log` (`sub_hash`,`id`);--> statement-breakpoint
CREATE TABLE `upkeep` (
	`name` text PRIMARY KEY NOT NULL,
	`ran_at` integer NOT NULL,
	`succeeded_at` integer,
	`result` text NOT NULL
);

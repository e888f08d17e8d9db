CREATE TABLE `grants_book` (
	`subject` text NOT NULL,
	`client_id` text NOT NULL,
	`scope` text NOT NULL,
	`granted_at` integer NOT NULL,
	`last_granted_at` integer NOT NULL,
	`expires_at` integer,
	`ended_at` integer,
	PRIMARY KEY(`subject`, `client_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `grants_book_by_client` ON `grants_book` (`client_id`,`subject`);
ALTER TABLE `grants_book` ADD `jurisdictions` text;--> statement-breakpoint
ALTER TABLE `grants_book` ADD `jurisdictions_at` integer;
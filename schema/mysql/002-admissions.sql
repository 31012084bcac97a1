-- Who has been let in. After a loss of Redis this is how those who had been through are told from
-- those who were still waiting. Lines are kept for a week.

CREATE TABLE IF NOT EXISTS admissions (
  queue VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  place BIGINT NOT NULL,
  user_id BIGINT NOT NULL,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (queue, place, user_id),
  KEY admissions_age (created_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

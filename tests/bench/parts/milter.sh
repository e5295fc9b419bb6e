part_milter() { :; }

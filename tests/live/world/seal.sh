seal_up() { :; }
seal_down() { :; }

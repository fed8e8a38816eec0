"""The picture by OpenGL 3.3: uploaded once, burnt, placed on a canvas of linear light, cut into the outputs."""
